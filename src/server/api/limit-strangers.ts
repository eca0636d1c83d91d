import type {Socket} from 'node:net'
import type {FastifyInstance} from 'fastify'
import {MAX_API_STRANGERS} from '../limits.ts'

/** Keeps room for who has a token. To be called after the guard, on a server that listens on one address. */
export function limitStrangers(app: FastifyInstance): void {
  // By the port of the client: a request's socket is not the one that was accepted, TLS lies between them.
  const strangers = new Map<number | undefined, Socket>()
  app.server.on('connection', (socket: Socket) => {
    const {remotePort} = socket
    const [oldest] = strangers
    if (oldest !== undefined && strangers.size >= MAX_API_STRANGERS) {
      strangers.delete(oldest[0])
      oldest[1].destroy()
    }
    strangers.set(remotePort, socket)
    socket.once('close', () => {
      if (strangers.get(remotePort) === socket) strangers.delete(remotePort)
    })
  })
  app.addHook('onRequest', async ({socket}) => void strangers.delete(socket.remotePort))
}
