const LIMIT_BYTES = 8 << 20

/** What a command printed, for JSON: the first 8 MiB of a stream, as UTF-8. */
export class OutputCapture {
  readonly #chunks: Buffer[] = []
  #sizeBytes = 0

  add(chunk: Buffer): void {
    if (this.#sizeBytes < LIMIT_BYTES) this.#chunks.push(chunk.subarray(0, LIMIT_BYTES - this.#sizeBytes))
    this.#sizeBytes += chunk.length
  }

  get isTruncated(): boolean {
    return this.#sizeBytes > LIMIT_BYTES
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8')
  }
}
