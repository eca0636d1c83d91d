import type {Server} from 'node:http'
import type {Socket} from 'node:net'
import {MAX_PAGE_CONNECTIONS} from '../../limits.ts'

/** Ends the oldest connection where there are too many, so that nobody keeps others out by waiting. Gives what ends them all. */
export function keepLatest(server: Server): () => void {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    const [oldest] = sockets
    if (oldest !== undefined && sockets.size >= MAX_PAGE_CONNECTIONS) {
      sockets.delete(oldest)
      oldest.destroy()
    }
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return () => {
    for (const socket of sockets) socket.destroy()
  }
}
