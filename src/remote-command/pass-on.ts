/**
 * Takes bytes; nothing more is read until it has. `left`: its reader is gone, and wants no more of them. It gives up when
 * `enough` aborts. It never throws.
 */
export type Sink = (chunk: Buffer, enough: AbortSignal) => Promise<'left' | undefined> | 'left' | undefined

/** Hands a stream on to a sink, no faster than the sink takes it. Gives `left` where its reader did. */
export async function passOn(
  stream: AsyncIterable<Buffer>,
  sink: Sink,
  enough: AbortSignal,
): Promise<'left' | undefined> {
  for await (const chunk of stream) {
    if (chunk.length > 0 && (await sink(chunk, enough)) === 'left') return 'left'
  }
  return undefined
}
