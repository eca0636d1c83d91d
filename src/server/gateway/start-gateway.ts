import {once} from 'node:events'
import {type AddressInfo, createServer, type Socket} from 'node:net'
import {messageOf, RuncodeError} from '../../core/errors.ts'
import type {Gateway, GatewayOptions} from './gateway.ts'
import {isHostKey} from './host-key.ts'
import {type ServedConnection, serveConnection} from './serve-connection.ts'

/** An editor opens about ten; beyond these limits a connection is closed unheard. */
const MAX_CONNECTIONS = 512
/** Of them, those that are not let in yet. The oldest of them makes room for one more: who logs in does so at once. */
const MAX_STRANGERS = 64

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
  const connections = new Set<ServedConnection>()
  const accept = (socket: Socket): void => {
    // A client may be gone before anyone else listens.
    socket.on('error', () => undefined)
    const strangers = [...connections].filter(({admitted}) => admitted() === undefined)
    if (connections.size >= MAX_CONNECTIONS) return void socket.destroy()
    if (strangers.length >= MAX_STRANGERS) strangers[0]?.end()
    const connection = serveConnection(socket, options)
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
    disconnect: async (workspaceId) => {
      const theirs = [...connections].filter(({admitted}) => admitted()?.workspace.id === workspaceId)
      for (const connection of theirs) connection.end()
      await Promise.all(theirs.map(({closed}) => closed))
    },
    close: async () => {
      server.close()
      for (const connection of connections) connection.end()
      await Promise.all([...connections].map(({closed}) => closed))
    },
  }
}

const isLoopback = (address: string): boolean => /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address) || address === '::1'
