import {isIP} from 'node:net'
import {RuncodeError} from '../core/errors.ts'

/** One port to forward. */
export interface PortSpec {
  /** The port on this machine; 0: any free one. */
  readonly local: number
  /** What the workspace connects to; `localhost` is the workspace itself. */
  readonly host: string
  readonly remote: number
  /** The workspace listens on `remote`, and who connects there reaches `local` of this machine. */
  readonly isReverse: boolean
}

/** A text names no port to forward. */
export class InvalidPortSpecError extends RuncodeError {
  constructor(text: string) {
    super(`${JSON.stringify(text)} is no port to forward.`, {
      code: 'usage',
      hint: 'Say PORT, LOCAL:REMOTE or LOCAL:HOST:REMOTE, with ports from 1 to 65535; 0:REMOTE takes a free local port. With --reverse: PORT or LOCAL:REMOTE.',
    })
  }
}

/**
 * `5173`, `8080:3000`, `0:3000`, `8080:db.example.test:5432`, `8080:[::1]:3000`; the local port stands before the remote
 * one, as behind `ssh -L`. The host is resolved on the workspace. Throws InvalidPortSpecError.
 */
export function parsePortSpec(text: string): PortSpec {
  const [, local, bracketed, host = bracketed ?? 'localhost', remote = local] =
    /^(\d{1,5})(?::(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5}))?$/.exec(text) ?? []
  const [localPort, remotePort] = [Number(local), Number(remote)]
  const isHost = bracketed === undefined ? HOST.test(host) : isIP(bracketed) === 6 && !bracketed.includes('%')
  // NaN is in no range.
  if (!isHost || !(localPort >= 0 && localPort <= LAST_PORT) || !(remotePort >= 1 && remotePort <= LAST_PORT))
    throw new InvalidPortSpecError(text)
  return {local: localPort, host, remote: remotePort, isReverse: false}
}

/** The same two ports, in the same order, the other way round: the workspace listens. Throws InvalidPortSpecError. */
export function reversePort(port: PortSpec): PortSpec {
  if (port.local === 0 || port.host !== 'localhost') throw new InvalidPortSpecError(`${port.local}:${remoteText(port)}`)
  return {...port, isReverse: true}
}

const LAST_PORT = 65_535
/** A name or an IPv4 address: plain words for ssh, and for every screen. */
const HOST = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/

/** The remote side as people write it. */
export const remoteText = ({host, remote}: Pick<PortSpec, 'host' | 'remote'>): string =>
  host === 'localhost' ? String(remote) : `${host.includes(':') ? `[${host}]` : host}:${remote}`
