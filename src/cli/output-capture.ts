const LIMIT_BYTES = 8 << 20
/** The longest character of UTF-8 has four bytes, of which the limit may cut off up to three. */
const LONGEST_REST_BYTES = 3

/** What a command printed, for JSON: the first 8 MiB of a stream. */
export class OutputCapture {
  readonly #name: string
  readonly #chunks: Buffer[] = []
  #sizeBytes = 0

  constructor(name: 'stdout' | 'stderr') {
    this.#name = name
  }

  add(chunk: Buffer): void {
    if (this.#sizeBytes < LIMIT_BYTES) this.#chunks.push(chunk.subarray(0, LIMIT_BYTES - this.#sizeBytes))
    this.#sizeBytes += chunk.length
  }

  get isTruncated(): boolean {
    return this.#sizeBytes > LIMIT_BYTES
  }

  /** As text under its name; what is not UTF-8 as `<name>_base64`. */
  json(): Readonly<Record<string, string>> {
    const bytes = Buffer.concat(this.#chunks)
    for (let rest = 0; rest <= (this.isTruncated ? LONGEST_REST_BYTES : 0); rest += 1) {
      const whole = bytes.subarray(0, bytes.length - rest)
      const text = whole.toString('utf8')
      // What is not UTF-8 does not come back as it was.
      if (Buffer.from(text, 'utf8').equals(whole)) return {[this.#name]: text}
    }
    return {[`${this.#name}_base64`]: bytes.toString('base64')}
  }
}
