import {connect, createServer, type Socket} from 'node:net'

/** A relay in front of a server on loopback: what the server says comes late, and all of it can be cut at once, or go silent and stay open. */
export async function startSlowRelay(
  port: number,
  delayMs: number,
): Promise<{readonly port: number; cut(): void; silence(): void}> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
    }
    client.pipe(upstream)
    upstream.on('data', (chunk: Buffer) => setTimeout(() => client.writable && client.write(chunk), delayMs))
    upstream.on('close', () => setTimeout(() => client.destroy(), delayMs))
    client.on('close', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    silence: () => {
      for (const socket of sockets) socket.unpipe().pause()
    },
    cut: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
