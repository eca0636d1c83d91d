import {once} from 'node:events'
import {connect, createServer, type Socket} from 'node:net'
import {startAttached} from '../core/process.ts'

/**
 * What makes `line` the last that OpenSSH prints, where there is no gateway to connect it to: a server that offers the line
 * as its one way to exchange keys (RFC 4253 section 7.1), since ssh ends by telling what was offered. A disconnect with a
 * description (section 11.1) would be its natural place, but ssh goes on talking after that. A version (section 4.2) and
 * a packet (section 6), with what else must stand in a KEXINIT left empty.
 */
export function lastWords(line: string): Uint8Array {
  const [KEXINIT, COOKIE, LISTS_LEFT, REST] = [20, Buffer.alloc(16), Buffer.alloc(9 * 4), Buffer.alloc(5)]
  const offer = Buffer.from(`\n${line}`)
  const payload = Buffer.concat([Buffer.from([KEXINIT]), COOKIE, uint32(offer.length), offer, LISTS_LEFT, REST])
  const padding = Buffer.alloc(16 - ((payload.length + 5) % 8))
  const length = uint32(1 + payload.length + padding.length)
  return Buffer.concat([Buffer.from('SSH-2.0-runcode\r\n'), length, Buffer.from([padding.length]), payload, padding])
}

/** Holds the far end, and ends with ssh: which begins to read only when we are gone, and writes before it reads. */
const HOLD = 'while read -r line; do :; done'

/** A connection to nobody, on which these words were said. OpenSSH can be given it in the place of one to a gateway. */
export async function saying(words: Uint8Array, env: NodeJS.ProcessEnv): Promise<Socket> {
  const server = createServer({pauseOnConnect: true}).listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    const near = connect({port: portOf(server), host: '127.0.0.1'}).pause()
    const [far] = (await once(server, 'connection')) as [Socket]
    await new Promise((resolve) => far.write(words, resolve))
    startAttached('/bin/sh', ['-c', HOLD], {env, stdio: [far, 'ignore', 'ignore']}).unref()
    far.destroy()
    return near
  } finally {
    server.close()
  }
}

const portOf = (server: ReturnType<typeof createServer>): number => {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
