/** Reads values of the SSH wire format (RFC 4251 section 5) from bytes; every read past the end throws RangeError. */
export class WireReader {
  #rest: Buffer

  constructor(bytes: Buffer) {
    this.#rest = bytes
  }

  isAtEnd(): boolean {
    return this.#rest.length === 0
  }

  uint32(): number {
    return this.#take(4).readUInt32BE()
  }

  uint64(): bigint {
    return this.#take(8).readBigUInt64BE()
  }

  string(): Buffer {
    return this.#take(this.uint32())
  }

  text(): string {
    return this.string().toString('utf8')
  }

  /** All that is left, as strings. */
  strings(): readonly Buffer[] {
    const found: Buffer[] = []
    while (!this.isAtEnd()) found.push(this.string())
    return found
  }

  #take(length: number): Buffer {
    if (length > this.#rest.length) throw new RangeError('The bytes end too early.')
    const taken = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return taken
  }
}
