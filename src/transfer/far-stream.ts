import {FileChangedError} from './refusals.ts'

/** Takes bytes that are no records. */
export interface Taker {
  /** Gives what is left behind its end, or undefined where it wants more. May throw, which ends it all. */
  take(bytes: Buffer): Promise<Buffer | undefined> | Buffer | undefined
}

/** Hears the words of a record; gives who takes what follows, where that is no record. */
export type Listener = (words: readonly string[]) => Taker | undefined

const LONGEST_RECORD_BYTES = 512
/** Of words that are no ours the first ones are kept. */
const NOISE_BYTES = 4096

/**
 * What a program of ours on the workspace writes: records between separators (U+001D) behind a nonce, and bytes. The
 * separator of the wrapper would be held back by the reader of its own records until more comes.
 */
export class FarStream {
  readonly #marker: Buffer
  readonly #listener: Listener
  #held: Buffer = Buffer.alloc(0)
  #noise: Buffer = Buffer.alloc(0)
  #taker: Taker | undefined
  #hasTaken = false
  #failure: {readonly error: unknown} | undefined

  constructor(nonce: string, listener: Listener) {
    this.#marker = Buffer.from(`\u001d${nonce} `, 'latin1')
    this.#listener = listener
  }

  /** `left` where no more is wanted; throwFailure() then tells why. */
  async take(chunk: Buffer): Promise<'left' | undefined> {
    try {
      await this.#take(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]))
      return undefined
    } catch (error) {
      this.#failure ??= {error}
      return 'left'
    }
  }

  /** Throws what went wrong while it was taken. */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** What was neither a record nor asked for: the words of rc files. */
  noise(): string {
    return this.#noise.toString('utf8')
  }

  async #take(from: Buffer): Promise<void> {
    let bytes: Buffer | undefined = from
    this.#held = Buffer.alloc(0)
    while (bytes !== undefined && bytes.length > 0) {
      if (this.#taker === undefined) bytes = this.#takeRecord(bytes)
      else {
        const rest: Buffer | undefined = await this.#taker.take(bytes)
        if (rest !== undefined) [this.#taker, this.#hasTaken] = [undefined, true]
        bytes = rest
      }
    }
  }

  #takeRecord(bytes: Buffer): Buffer | undefined {
    // Behind what was announced nothing comes but records: it would never end.
    const shared = Math.min(bytes.length, this.#marker.length)
    if (this.#hasTaken && !bytes.subarray(0, shared).equals(this.#marker.subarray(0, shared)))
      throw new FileChangedError('What the workspace announced')
    const start = bytes.indexOf(this.#marker)
    const from = start + this.#marker.length
    const end = start === -1 ? -1 : bytes.indexOf(0x1d, from)
    if (end !== -1 && end - from <= LONGEST_RECORD_BYTES) {
      this.#keepNoise(bytes.subarray(0, start))
      this.#taker = this.#listener(bytes.subarray(from, end).toString('latin1').split(' '))
      return bytes.subarray(end + 1)
    }
    const keep = Math.max(0, bytes.length - this.#marker.length - LONGEST_RECORD_BYTES)
    this.#keepNoise(bytes.subarray(0, keep))
    this.#held = Buffer.from(bytes.subarray(keep))
    return undefined
  }

  #keepNoise(bytes: Buffer): void {
    if (this.#noise.length < NOISE_BYTES)
      this.#noise = Buffer.concat([this.#noise, bytes.subarray(0, NOISE_BYTES - this.#noise.length)])
  }
}
