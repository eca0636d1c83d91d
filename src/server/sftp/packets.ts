import {readSync, writeSync, writevSync} from 'node:fs'
import {MalformedPacketError} from './fields.ts'
import {MAX_PACKET_BYTES} from './protocol.ts'

const LENGTH_BYTES = 4

/**
 * The packets that come by a descriptor until it ends, each without its length and good until the next one. Reads no
 * more than fits into one buffer, so that a client that sends faster than we answer has to wait. Throws
 * MalformedPacketError for a length that no packet has.
 */
export function* readPackets(fd: number): Generator<Buffer, void> {
  const buffer = Buffer.allocUnsafe(2 * MAX_PACKET_BYTES)
  let start = 0
  let end = 0
  for (;;) {
    while (end - start >= LENGTH_BYTES) {
      const length = buffer.readUInt32BE(start)
      if (length === 0 || length > MAX_PACKET_BYTES) throw new MalformedPacketError(`a packet of ${length} bytes`)
      const next = start + LENGTH_BYTES + length
      if (next > end) break
      yield buffer.subarray(start + LENGTH_BYTES, next)
      start = next
    }
    buffer.copyWithin(0, start, end)
    end -= start
    start = 0
    const count = readSync(fd, buffer, end, buffer.length - end, null)
    if (count === 0) return
    end += count
  }
}

/** Writes all parts; waits where nobody reads. */
export function writeParts(fd: number, parts: readonly Buffer[]): void {
  const lengthBytes = parts.reduce((sum, part) => sum + part.length, 0)
  const writtenBytes = writevSync(fd, parts)
  if (writtenBytes === lengthBytes) return
  const rest = Buffer.concat(parts).subarray(writtenBytes)
  for (let done = 0; done < rest.length; ) done += writeSync(fd, rest, done)
}
