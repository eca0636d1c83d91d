import {connect, createServer, type Socket} from 'node:net'

/** `up` is what the client says, `down` what the server says. */
export type Direction = 'up' | 'down'

/** A relay in front of a server on loopback that can cut a connection at a byte, or let it go silent. */
export interface CuttingRelay {
  readonly port: number
  /** Counted from the last `cutAfter` on. */
  readonly seen: Readonly<Record<Direction, number>>
  /** Ends the connection that is there, or else the next one, once so many more bytes went this way; later ones live. */
  cutAfter(direction: Direction, bytes: number): void
  /** Lets nothing through any more, without a word. */
  silence(): void
  close(): void
}

export async function startCuttingRelay(port: number): Promise<CuttingRelay> {
  const sockets = new Set<Socket>()
  const seen = {up: 0, down: 0}
  let plan: {readonly direction: Direction; readonly bytes: number} | undefined
  let isSilent = false
  const server = createServer((client) => {
    const gateway = connect(port, '127.0.0.1')
    for (const socket of [client, gateway]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => (isSilent ? undefined : both()))
    }
    const both = (): void => {
      client.destroy()
      gateway.destroy()
    }
    const carry = (direction: Direction, from: Socket, to: Socket): void => {
      from.on('data', (chunk: Buffer) => {
        if (isSilent) return
        const left = plan?.direction === direction ? plan.bytes - seen[direction] : Number.POSITIVE_INFINITY
        seen[direction] += chunk.length
        if (chunk.length < left) {
          to.write(chunk)
          return
        }
        plan = undefined
        from.removeAllListeners('data')
        to.write(chunk.subarray(0, left), both)
      })
    }
    carry('up', client, gateway)
    carry('down', gateway, client)
    if (plan?.bytes === 0) {
      plan = undefined
      both()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    seen,
    cutAfter: (direction, bytes) => {
      Object.assign(seen, {up: 0, down: 0})
      plan = {direction, bytes}
    },
    silence: () => {
      isSilent = true
    },
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
