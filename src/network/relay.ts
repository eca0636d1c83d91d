import type {Socket} from 'node:net'
import type {Readable, Writable} from 'node:stream'
import {pause} from '../core/deadline.ts'

/** How long the far side may take to hang up after ours has. */
const GRACE_MS = 2000
/** How long a client may take for its first word, which OpenSSH says without having heard the server. */
const GREETING_MS = 500
/** No client says more before it has heard the server (RFC 4253 section 4.2: one line). */
const LONGEST_GREETING_BYTES = 65_536

/** Whoever speaks to us through two streams, heard from now on: the end must not be missed while we are busy. */
export interface NearEnd {
  /** Aborts when it has hung up. */
  readonly gone: AbortSignal
  /** Carries bytes both ways until one side is through, or `stop`. Gives what broke the connection, if something did. */
  relayTo(socket: Socket, stop: AbortSignal): Promise<Error | undefined>
  /** Says this to OpenSSH, which ends by it, and waits for that. Other clients are told nothing. */
  sayLast(words: Uint8Array): Promise<void>
  /** Hears and keeps nothing any more. */
  release(): void
}

export function listenTo(input: Readable, output: Writable): NearEnd {
  const controller = new AbortController()
  const greeting: Buffer[] = []
  let size = 0
  const keep = (chunk: Buffer): void => {
    greeting.push(chunk)
    size += chunk.length
    if (size >= LONGEST_GREETING_BYTES) input.pause()
  }
  const heard = new Promise((resolve) => input.once('data', resolve))
  const hangUp = (): void => controller.abort()
  input.on('data', keep).on('end', hangUp).on('close', hangUp).on('error', hangUp)
  output.on('error', hangUp)
  return {
    gone: controller.signal,
    relayTo: (socket, stop) => {
      input.off('data', keep)
      for (const chunk of greeting) socket.write(chunk)
      return relay({input, output, socket}, [controller.signal, stop])
    },
    sayLast: async (words) => {
      if (size === 0) await Promise.race([heard, pause(GREETING_MS, controller.signal)])
      if (!Buffer.concat(greeting).toString('latin1').startsWith('SSH-2.0-OpenSSH')) return
      output.write(words)
      await pause(GRACE_MS, controller.signal)
    },
    release: () => void input.destroy(),
  }
}

const relay = (
  {input, output, socket}: {input: Readable; output: Writable; socket: Socket},
  ends: readonly AbortSignal[],
): Promise<Error | undefined> =>
  new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined
    const finish = (error?: Error): void => {
      clearTimeout(timer)
      for (const signal of ends) signal.removeEventListener('abort', hangUp)
      input.destroy()
      socket.destroy()
      resolve(timer === undefined ? error : undefined)
    }
    // What was said is still carried; then the far side hangs up, or is not waited for.
    const hangUp = (): void => {
      socket.end()
      timer ??= setTimeout(() => finish(), GRACE_MS)
    }
    for (const signal of ends) signal.addEventListener('abort', hangUp)
    socket.on('error', finish)
    socket.on('end', () => output.end(() => finish()))
    socket.on('close', () => finish())
    output.on('error', () => finish())
    input.pipe(socket)
    socket.pipe(output, {end: false})
    if (ends.some(({aborted}) => aborted)) hangUp()
  })
