/** One direction of a channel: what has come and was not taken yet. For one reader. */
export class Incoming implements AsyncIterable<Buffer> {
  readonly #chunks: Buffer[] = []
  readonly #onTaken: (sizeBytes: number) => void
  #isOver = false
  #wake: () => void = () => undefined

  /** `onTaken` hears of every chunk when the reader asks for the one behind it. */
  constructor(onTaken: (sizeBytes: number) => void) {
    this.#onTaken = onTaken
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
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
