import type {ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {connect, createServer, type Server} from 'node:net'
import {until} from './until.ts'

/** A `port-forward --json` that runs. */
export interface Forwarding {
  readonly child: ChildProcess
  /** All that it said on stdout, an object a line. */
  readonly events: readonly Readonly<Record<string, unknown>>[]
  /** Waits for so many events of this name, at most 10 s, and gives the last. */
  heard(event: string, count?: number): Promise<Readonly<Record<string, unknown>>>
  /** Sends a signal, where one is given, and gives the exit status. */
  end(signal?: NodeJS.Signals): Promise<number | null>
  stderr(): string
}

export function watchForwarding(child: ChildProcess): Forwarding {
  const events: Readonly<Record<string, unknown>>[] = []
  let [rest, stderr] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    events.push(...lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>))
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'close') as Promise<[number | null]>
  const named = (event: string): readonly Readonly<Record<string, unknown>>[] =>
    events.filter((one) => one['event'] === event)
  return {
    ...{child, events},
    heard: async (event, count = 1) => {
      await until(
        () => named(event).length >= count,
        () => `No ${event}: ${JSON.stringify(events)} ${stderr}`,
      )
      return named(event).at(-1) ?? {}
    },
    end: async (signal) => {
      if (signal !== undefined) child.kill(signal)
      return (await ended)[0]
    },
    stderr: () => stderr,
  }
}

/** A service on both loopbacks: says back, in capitals, what a client has said, when that one has said all. */
export async function startShouter(): Promise<{readonly port: number; close(): void}> {
  const servers: Server[] = []
  const listen = async (host: string, port: number): Promise<number> => {
    const server = createServer({allowHalfOpen: true}, async (socket) => {
      socket.on('error', () => undefined)
      const chunks: Buffer[] = []
      socket.on('data', (chunk: Buffer) => chunks.push(chunk))
      await once(socket, 'end')
      socket.end(Buffer.concat(chunks).toString('latin1').toUpperCase())
    }).listen(port, host)
    servers.push(server)
    await once(server, 'listening')
    return (server.address() as {port: number}).port
  }
  const port = await listen('127.0.0.1', 0)
  await listen('::1', port)
  return {
    port,
    close: () => {
      for (const server of servers) server.close()
    },
  }
}

/** What a service says to one who says this and ends; throws where the connection is broken. */
export async function shout(port: unknown, words: string, host = '127.0.0.1'): Promise<string> {
  const socket = connect({port: Number(port), host, allowHalfOpen: true})
  socket.end(words, 'latin1')
  const chunks: Buffer[] = []
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('latin1')
}
