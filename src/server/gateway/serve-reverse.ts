import {once} from 'node:events'
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net'
import type {Connection, TcpipBindInfo} from 'ssh2'
import {systemCode} from '../../core/errors.ts'
import {CONNECT_LIMIT_MS, MAX_LISTENERS} from '../limits.ts'
import {flushAndDestroy, join} from './serve-forward.ts'

/**
 * The addresses that a `tcpip-forward` request (RFC 4254 section 7.1) may listen on: those of loopback, as a workspace is this machine.
 * `localhost` is both families; an empty address, every one, is refused, and so is a port that only root may have.
 */
export const parseListenTarget = ({bindAddr, bindPort}: TcpipBindInfo): readonly string[] | undefined =>
  bindPort === 0 || (bindPort >= FIRST_PORT && bindPort <= 0xffff) ? ADDRESSES[bindAddr] : undefined

const FIRST_PORT = 1024
const ADDRESSES: Readonly<Record<string, readonly string[] | undefined>> = Object.assign(Object.create(null), {
  localhost: ['127.0.0.1', '::1'],
  '127.0.0.1': ['127.0.0.1'],
  '::1': ['::1'],
})

export interface ReverseOptions {
  /** What the connection goes over. */
  readonly socket: Socket
  /** Whether the client may listen now; a connection may be older than the end of its pass. */
  readonly mayListen: () => boolean
  /** Whether one more channel may be opened. */
  readonly mayOpen: () => boolean
  /** What is forwarded, each with what ends it when the connection is gone. */
  readonly forwards: Set<() => void>
}

/** Answers the requests of a client to listen for it, in their order. Gives what ends that. */
export function serveReverse(
  connection: Connection,
  {socket, mayListen, mayOpen, forwards}: ReverseOptions,
): () => void {
  const listeners = new Map<string, readonly Server[]>()
  let isEnded = false
  let last: Promise<unknown> = Promise.resolve()

  const carry = (client: Socket, {bindAddr, bindPort}: TcpipBindInfo): void => {
    client.on('error', () => undefined)
    if (!mayOpen()) return void client.resetAndDestroy()
    let end = (): void => void client.destroy()
    const forward = (): void => end()
    forwards.add(forward)
    const limit = setTimeout(end, CONNECT_LIMIT_MS)
    // One that the client never answers counts for as long as the connection is there.
    connection.forwardOut(bindAddr, bindPort, client.remoteAddress ?? '', client.remotePort ?? 0, (error, channel) => {
      clearTimeout(limit)
      const isGone = error !== undefined || client.destroyed
      if (isGone) {
        forwards.delete(forward)
        client.resetAndDestroy()
        channel?.close()
        return
      }
      client.once('close', () => forwards.delete(forward))
      end = () => flushAndDestroy(client)
      join(channel, client, socket)
    })
  }
  const listen = async (wanted: TcpipBindInfo): Promise<number | undefined> => {
    const {bindAddr} = wanted
    const addresses = parseListenTarget(wanted)
    if (addresses === undefined || isEnded || listeners.size >= MAX_LISTENERS || !mayListen()) return undefined
    const servers: Server[] = []
    let bindPort = wanted.bindPort
    try {
      for (const address of addresses) {
        const server = createServer({allowHalfOpen: true, pauseOnConnect: true, noDelay: true}, (client) =>
          carry(client, {bindAddr, bindPort}),
        ).listen({port: bindPort, host: address, ipv6Only: true})
        servers.push(server)
        // Without a listener a connection for which there is no descriptor would end the whole program.
        server.on('error', () => undefined)
        await once(server, 'listening').catch((error: unknown) => {
          if (!ABSENT.has(systemCode(error) ?? '') || addresses.length === 1) throw error
        })
        bindPort = (server.address() as AddressInfo | null)?.port ?? bindPort
      }
      if (isEnded) throw new Error('The connection is gone.')
    } catch {
      closeAll(servers)
      return undefined
    }
    listeners.set(keyOf({bindAddr, bindPort}), servers)
    return bindPort
  }
  const cancel = (target: TcpipBindInfo): boolean => {
    closeAll(listeners.get(keyOf(target)) ?? [])
    return listeners.delete(keyOf(target))
  }
  connection.on('request', (accept, reject, name, info) => {
    last = last.then(async () => {
      const port = name === 'tcpip-forward' ? await listen(info) : undefined
      const isDone = port !== undefined || (name === 'cancel-tcpip-forward' && cancel(info))
      // ssh2 gives neither where the client wants no reply, and takes the port where the client left it to us.
      if (isDone) (accept as ((port?: number) => void) | undefined)?.(port)
      else reject?.()
    })
  })
  return () => {
    isEnded = true
    for (const servers of listeners.values()) closeAll(servers)
  }
}

/** The codes of systems for an address that they do not have. */
const ABSENT: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'])

const keyOf = ({bindAddr, bindPort}: TcpipBindInfo): string => `${bindAddr}:${bindPort}`

const closeAll = (servers: readonly Server[]): void => {
  for (const server of servers) server.close()
}
