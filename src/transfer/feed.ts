import type {ChildProcess} from '../core/process.ts'
import type {Input} from '../remote-command/input.ts'
import type {Streams} from '../workspace/streams.ts'
import {asText} from './text-streams.ts'

/** Bytes for the stdin of a program on the workspace. */
export interface Feed {
  readonly input: () => Input
  /** The program there is ready: what cannot be made again is not made before. */
  begin(): void
  /** Feeds for as long as this goes on. Throws what went wrong while they were made, which ended it, rather than its end. */
  through<T>(talking: Promise<T>): Promise<T>
}

/**
 * Hands bytes to ssh as fast as it takes them: once the far side is there, or at once where they can be made again for
 * another try. Where making them fails, nothing more comes.
 */
export function feedWith(streams: Streams, make: () => AsyncIterable<Buffer>, when: 'at once' | 'when ready'): Feed {
  let child: ChildProcess | undefined
  let failure: {readonly error: unknown} | undefined
  let hasEnded = false
  const feed = async (): Promise<void> => {
    const stdin = child?.stdin
    if (stdin === null || stdin === undefined) return
    try {
      for await (const chunk of streams === 'text' ? asText(make()) : make()) {
        if (hasEnded || stdin.destroyed) return
        if (!stdin.write(chunk)) await drained(stdin)
      }
      if (streams === 'bytes') stdin.end()
    } catch (error) {
      failure ??= {error}
      child?.kill('SIGTERM')
    }
  }
  return {
    input: () => ({
      stdio: 'pipe',
      feed: (started) => {
        child = started
        started.stdin?.on('error', () => undefined)
        if (when === 'at once') void feed()
      },
      close: () => undefined,
    }),
    begin: () => {
      if (when === 'when ready') void feed()
    },
    through: async (talking) => {
      try {
        const told = await talking
        if (failure === undefined) return told
      } catch (error) {
        if (failure === undefined) throw error
      } finally {
        hasEnded = true
        child?.stdin?.destroy()
      }
      throw failure.error
    },
  }
}

const drained = (stream: NodeJS.WritableStream): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.on('drain', done).on('close', done)
  })
