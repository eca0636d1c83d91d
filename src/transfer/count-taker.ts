import type {Taker} from './far-stream.ts'

/** Takes so many bytes, in order. */
export const takeBytes = (sizeBytes: number, use: (bytes: Buffer) => Promise<void> | undefined | void): Taker => {
  let left = sizeBytes
  return {
    async take(bytes) {
      const ours = left < bytes.length ? bytes.subarray(0, left) : bytes
      left -= ours.length
      if (ours.length > 0) await use(ours)
      return left === 0 ? bytes.subarray(ours.length) : undefined
    },
  }
}
