import type {Sink} from './pass-on.ts'

/**
 * What comes on stderr before the command has begun, banners and the words of rc files, is shown only where it begins: a
 * gateway that turns us away has nothing to say to the screen.
 */
export const heldBack = (sink: Sink, enough: AbortSignal) => {
  let held: Buffer | undefined = Buffer.alloc(0)
  let passed: Promise<unknown> = Promise.resolve()
  const take: Sink = async (chunk, signal) => {
    if (held !== undefined) {
      held = Buffer.concat([held, chunk]).subarray(-HELD_BYTES)
      return undefined
    }
    await passed
    return sink(chunk, signal)
  }
  return {
    sink: take,
    letGo: (): void => {
      if (held !== undefined && held.length > 0) passed = Promise.resolve(sink(held, enough))
      held = undefined
    },
    isPassed: (): Promise<unknown> => passed,
    /** What was not shown. */
    words: (): string => held?.toString('utf8') ?? '',
  }
}

/** More than can come of a command before its beginning is read from the other stream. */
const HELD_BYTES = 1 << 20
