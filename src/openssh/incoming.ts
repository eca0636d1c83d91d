/** More of them are made one: a chunk takes much more memory than a few bytes do. */
const MOST_CHUNKS = 1024

/** One direction of a channel: what has come and was not taken yet. For one reader. */
export class Incoming implements AsyncIterable<Buffer> {
  #chunks: Buffer[] = []
  readonly #onTaken: (sizeBytes: number) => void
  #isOver = false
  #wake: () => void = () => undefined

  /** `onTaken` hears of every chunk when the reader asks for the one behind it. */
  constructor(onTaken: (sizeBytes: number) => void) {
    this.#onTaken = onTaken
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    if (this.#chunks.length > MOST_CHUNKS) this.#chunks = [Buffer.concat(this.#chunks)]
    this.#wake()
  }

  /** Nothing more comes; what is there can still be read. */
  end(): void {
    this.#isOver = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
        yield chunk
        this.#onTaken(chunk.length)
      } else if (this.#isOver) {
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }
}

/** How much the far side may send before what has come is taken (RFC 4254 5.2). */
export class Window {
  readonly #sizeBytes: number
  #roomBytes: number
  #takenBytes = 0

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes
    this.#roomBytes = sizeBytes
  }

  /** Throws RangeError for more than the far side was allowed to send, which would stay in our memory. */
  fill(sizeBytes: number): void {
    this.#roomBytes -= sizeBytes
    if (this.#roomBytes < 0) throw new RangeError('The window is full.')
  }

  /** What to allow the far side after this was taken; 0 where that can wait. */
  free(sizeBytes: number): number {
    this.#takenBytes += sizeBytes
    if (this.#takenBytes < this.#sizeBytes / 4) return 0
    const freedBytes = this.#takenBytes
    this.#roomBytes += freedBytes
    this.#takenBytes = 0
    return freedBytes
  }
}
