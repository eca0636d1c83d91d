import {once} from 'node:events'
import {type AddressInfo, createServer, type Socket} from 'node:net'
import {messageOf, RuncodeError} from '../../core/errors.ts'
import {MAX_CONNECTIONS, MAX_CONNECTIONS_PER_TOKEN, MAX_REFUSALS, MAX_STRANGERS, REFUSALS_WINDOW_MS} from '../limits.ts'
import type {Admitted} from './authenticate.ts'
import type {Gateway, GatewayOptions} from './gateway.ts'
import {isHostKey} from './host-key.ts'
import {limitRefusals} from './limit-refusals.ts'
import {type ServedConnection, serveConnection} from './serve-connection.ts'

/** The gateway could not listen. */
export class GatewayError extends RuncodeError {
  constructor(address: string, port: number, cause: unknown) {
    super(`The SSH gateway cannot listen on ${address}, port ${port}: ${messageOf(cause)}`, {
      code: 'server_failed',
      facts: {address, port},
      cause,
    })
  }
}

/** Starts the SSH gateway. Throws GatewayError where it cannot listen, the address is not of this machine alone, or the host key is none. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const {address, port} = options
  if (!isLoopback(address)) throw new GatewayError(address, port, new Error('the address is not a loopback address'))
  if (!isHostKey(options.hostKey)) throw new GatewayError(address, port, new Error('the host key cannot be read'))
  const refusals = limitRefusals(options.record, {count: MAX_REFUSALS, windowMs: REFUSALS_WINDOW_MS})
  const connections = new Set<ServedConnection>()
  const ofToken = (tokenId: number): readonly ServedConnection[] =>
    [...connections].filter(({admitted}) => admitted()?.tokenId === tokenId)
  const hasRoom = ({tokenId}: Admitted): boolean => ofToken(tokenId).length < MAX_CONNECTIONS_PER_TOKEN
  /** For one more stranger, before its key exchange or after it. */
  const makeRoom = (afterKeys: boolean): void => {
    const [oldest, ...others] = [...connections].filter(
      ({admitted, hasKeys}) => admitted() === undefined && hasKeys() === afterKeys,
    )
    if (oldest === undefined || others.length + 1 < MAX_STRANGERS) return
    connections.delete(oldest)
    oldest.end()
  }
  const accept = (socket: Socket): void => {
    // A client may be gone before anyone else listens.
    socket.on('error', () => undefined)
    makeRoom(false)
    if (connections.size >= MAX_CONNECTIONS) return void socket.destroy()
    const connection = serveConnection(socket, {
      ...options,
      record: refusals.record,
      hasRoom,
      onKeys: () => makeRoom(true),
    })
    connections.add(connection)
    void connection.closed.then(() => connections.delete(connection))
  }
  const server = createServer({noDelay: true}, accept)
  try {
    server.listen(port, address)
    await once(server, 'listening')
  } catch (error) {
    throw new GatewayError(address, port, error)
  }
  return {
    port: (server.address() as AddressInfo).port,
    connectionCount: () => [...connections].filter(({admitted}) => admitted() !== undefined).length,
    disconnect: (workspaceId) =>
      endAll([...connections].filter(({admitted}) => admitted()?.workspace.id === workspaceId)),
    disconnectToken: (tokenId) => endAll(ofToken(tokenId)),
    close: async () => {
      server.close()
      await endAll([...connections])
      refusals.flush()
    },
  }
}

const endAll = async (connections: readonly ServedConnection[]): Promise<void> => {
  for (const connection of connections) connection.end()
  await Promise.all(connections.map(({closed}) => closed))
}

const isLoopback = (address: string): boolean => /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address) || address === '::1'
