import type {Readable} from 'node:stream'

/** Takes bytes; nothing more is read until it has. It never throws. */
export type Sink = (chunk: Buffer) => Promise<void> | void

/** Hands a stream on to a sink, as it is or as `read` makes it, no faster than the sink takes it. */
export async function passOn(
  stream: Readable | null,
  read: ((chunk: Buffer) => Buffer) | undefined,
  sink: Sink | 'inherit',
): Promise<void> {
  if (stream === null || sink === 'inherit') return
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const bytes = read === undefined ? chunk : read(chunk)
    if (bytes.length > 0) await sink(bytes)
  }
}
