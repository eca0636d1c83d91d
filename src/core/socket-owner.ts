import {readFile} from 'node:fs/promises'

/** A TCP socket on 127.0.0.1, as its own side sees it. */
export interface LoopbackSocket {
  readonly port: number
  /** The port of the other side; undefined for one that listens. */
  readonly peerPort: number | undefined
}

/**
 * Whether a TCP socket on 127.0.0.1 or ::1 is another user's: neither ours nor root's, who carries what comes over ssh, or
 * from Windows into WSL. By proc(5), /proc/net/tcp; false where that tells nothing.
 */
export async function isAnotherUsers(socket: LoopbackSocket): Promise<boolean> {
  const us = process.getuid?.()
  if (process.platform !== 'linux' || us === undefined) return false
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'latin1').catch(() => '')),
  )
  const owners = ownersIn(tables.join('\n'), socket)
  return owners.length > 0 && !owners.some((uid) => uid === us || uid === 0)
}

/** The uids of the sockets in the tables' text that fit. */
export const ownersIn = (tables: string, {port, peerPort}: LoopbackSocket): readonly number[] =>
  tables.split('\n').flatMap((line) => {
    const [, local = '', here, peer, state, uid] = LINE.exec(line) ?? []
    const fits =
      LOOPBACK.test(local) &&
      Number.parseInt(here ?? '', 16) === port &&
      (peerPort === undefined ? state === LISTENING : Number.parseInt(peer ?? '', 16) === peerPort)
    return fits ? [Number(uid)] : []
  })

/** `sl: local:port remote:port state tx:rx timer:when retransmits uid …`, numbers in hex but for the uid. */
const LINE =
  /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]{2}) [0-9A-F:]+ [0-9A-F:]+ [0-9A-F]+ +(\d+) /

/** 127.0.0.1, also as an IPv6 address, ::1, and what listens on every address; on a big-endian machine nothing fits. */
const LOOPBACK = /^(?:(?:0{16}FFFF0000)?0100007F|0{24}01000000|0{8}|0{32})$/
const LISTENING = '0A'
