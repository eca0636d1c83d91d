import {once} from 'node:events'
import {type AddressInfo, connect, createServer, type Server, type Socket} from 'node:net'
import {messageOf, RuncodeError, systemCode} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import {findPortOwner, type PortOwner} from './port-owner.ts'
import {type PortSpec, remoteText} from './port-spec.ts'

/** Something else listens on a local port, or it cannot be had for another reason. */
export class PortUnavailableError extends RuncodeError {
  constructor(port: number, why: string, hint: string) {
    super(`The local port ${port} ${why}.`, {code: 'port_unavailable', hint, facts: {local: port}})
  }
}

/** A port of this machine that is ours until it is closed. */
export interface LocalPort {
  readonly port: number
  /** The addresses that it is open on, as they were asked for. */
  readonly addresses: readonly string[]
  /** Takes no connections any more; those that are there go on. */
  close(): void
}

export interface PortListeners {
  /** Gets each connection unread, with each direction open until it is ended. */
  readonly onConnection: (client: Socket) => void
  /** The system could not take a connection: it is out of file descriptors, mostly. */
  readonly onTrouble: (error: Error) => void
}

/** Both loopbacks, since `localhost` is either. */
export const LOOPBACK: readonly string[] = ['127.0.0.1', '::1']
/** How often a free port is looked for that is free on all addresses. */
const TRIES = 10

/**
 * Opens a port on all of these addresses, with one number; a loopback that this machine does not have (IPv6 is switched
 * off) is left out where there is another address. Throws PortUnavailableError.
 */
export async function openLocalPort(
  spec: PortSpec,
  addresses: readonly string[],
  listeners: PortListeners,
): Promise<LocalPort> {
  for (let triesLeft = TRIES; ; triesLeft -= 1) {
    const servers: Server[] = []
    let port = spec.local
    try {
      for (const address of addresses) {
        const server = await listen(port, address, listeners).catch((error: unknown) => {
          const mayMiss = addresses.length > 1 && LOOPBACK.includes(address)
          if (!mayMiss || !ABSENT.has(systemCode(error) ?? '')) throw error
        })
        if (server === undefined) continue
        servers.push(server)
        port = (server.address() as AddressInfo).port
      }
      const open = servers.map((server) => (server.address() as AddressInfo).address)
      if (open.length > 0) return {port, addresses: open, close: () => closeAll(servers)}
      throw new PortUnavailableError(port, `is on no address of this machine (${addresses.join(', ')})`, OTHER_ADDRESS)
    } catch (error) {
      closeAll(servers)
      const isTaken = systemCode(error) === 'EADDRINUSE'
      if (isTaken && spec.local === 0 && triesLeft > 1) continue
      throw error instanceof RuncodeError ? error : await unavailable(spec, port, error)
    }
  }
}

/** The codes of systems for an address that they do not have. */
const ABSENT: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'])
const OTHER_ADDRESS = 'Name an address of this machine with --address.'

const closeAll = (servers: readonly Server[]): void => {
  for (const server of servers) server.close()
}

const listen = async (port: number, address: string, listeners: PortListeners): Promise<Server> => {
  // macOS and Windows let us bind one address of a port that somebody has on all of them, and take his connections.
  if (port !== 0 && process.platform !== 'linux' && (await answers(port, address)))
    throw Object.assign(new Error('in use'), {code: 'EADDRINUSE'})
  const server = createServer({allowHalfOpen: true, pauseOnConnect: true, noDelay: true}, listeners.onConnection)
  server.listen({port, host: address, ipv6Only: true, backlog: 511})
  await once(server, 'listening')
  server.on('error', listeners.onTrouble)
  return server
}

const answers = async (port: number, address: string): Promise<boolean> => {
  const socket = connect({port, host: address, timeout: 500})
  const heard = await Promise.race([
    once(socket, 'connect').then(
      () => true,
      () => false,
    ),
    once(socket, 'timeout').then(
      () => false,
      () => false,
    ),
  ])
  socket.destroy()
  return heard
}

const unavailable = async (spec: PortSpec, port: number, error: unknown): Promise<PortUnavailableError> => {
  const free = `Take a free one: runcode port-forward 0:${remoteText(spec)}`
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new PortUnavailableError(port, `is in use${ownerText(await findPortOwner(port))}`, free)
    case 'EACCES':
      return new PortUnavailableError(port, 'needs privileges', free)
    case 'EADDRNOTAVAIL':
      return new PortUnavailableError(port, 'is asked for on an address that this machine does not have', OTHER_ADDRESS)
    default:
      return new PortUnavailableError(port, `cannot be had: ${messageOf(error)}`, free)
  }
}

const ownerText = (owner: PortOwner | undefined): string =>
  owner === undefined ? '' : ` by ${printable(owner.name) || 'a process'} (process ${owner.pid})`
