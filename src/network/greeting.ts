import type {Socket} from 'node:net'
import type {Deadline} from '../core/deadline.ts'
import {printable} from '../core/printable.ts'

/** More than a server may say before it tells its version. */
const LONGEST_BYTES = 65_536

/**
 * What an SSH server says that it is (RFC 4253 section 4.2), printable; undefined where something else speaks there, or
 * nothing in time. Ends the connection.
 */
export async function greetingOf(socket: Socket, {signal}: Deadline): Promise<string | undefined> {
  const end = (): void => void socket.destroy()
  signal.addEventListener('abort', end)
  if (signal.aborted) end()
  try {
    let text = ''
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      text += chunk.toString('latin1')
      const [line] = /^SSH-[^\r\n]*(?=\r?\n)/m.exec(text) ?? []
      if (line !== undefined) return printable(line).slice(0, 100)
      if (text.length > LONGEST_BYTES) return undefined
    }
  } catch {
    // It was broken off, by us or by them.
  } finally {
    signal.removeEventListener('abort', end)
    end()
  }
  return undefined
}
