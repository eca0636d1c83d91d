import {createServer, type Server, type Socket} from 'node:net'
import {createServer as createTlsServer} from 'node:tls'

/** A server on loopback that says what a test lets it say, byte for byte. */
export interface RawServer {
  readonly port: number
  /** How many came, and how many of them are open still. */
  readonly connections: () => number
  readonly open: () => number
  close(): void
}

/** With a key and a certificate it speaks TLS. `talk` gets every connection. */
export async function startRawServer(
  talk: (socket: Socket) => void,
  tls?: {readonly key: string; readonly certificate: string},
): Promise<RawServer> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  }
  let connections = 0
  const answer = (socket: Socket): void => {
    connections += 1
    socket.on('error', () => undefined)
    talk(socket)
    // Whoever reads nothing does not see the end either.
    socket.resume()
  }
  const server: Server =
    tls === undefined ? createServer(answer) : createTlsServer({key: tls.key, cert: tls.certificate}, answer)
  server.on('connection', keep)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => connections,
    open: () => sockets.size,
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Waits for the first bytes, then says this, piece by piece for as long as the other side takes them. */
export const sayOnRequest =
  (pieces: Iterable<string | Buffer>) =>
  (socket: Socket): void => {
    const rest = pieces[Symbol.iterator]()
    const more = (): void => {
      for (let next = rest.next(); !socket.destroyed; next = rest.next()) {
        if (next.done === true) return void socket.end()
        if (!socket.write(next.value)) return void socket.once('drain', more)
      }
    }
    socket.once('data', more)
  }

/** Waits for the first bytes, says this, and then a little more every few milliseconds, without end. */
export const drip =
  (beginning: string, drop: string) =>
  (socket: Socket): void => {
    socket.once('data', () => {
      socket.write(beginning)
      const timer = setInterval(() => socket.write(drop), 20)
      socket.on('close', () => clearInterval(timer))
    })
  }
