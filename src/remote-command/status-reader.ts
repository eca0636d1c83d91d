/** What the far side said about the command. */
export interface RemoteStatus {
  readonly hasBegun: boolean
  /** Its directory was not there, and it was not run. */
  readonly lacksDirectory: boolean
  /** 0 to 255, or undefined where the end was not told. */
  readonly exitCode: number | undefined
}

/** Takes the records of the wrapper out of a stream of stderr; everything else passes unchanged, byte for byte. */
export class StatusReader {
  readonly #marker: Buffer
  #held: Buffer = Buffer.alloc(0)
  #status: RemoteStatus = {hasBegun: false, lacksDirectory: false, exitCode: undefined}

  constructor(nonce: string) {
    this.#marker = Buffer.from(`\u001e${nonce} `, 'latin1')
  }

  get status(): RemoteStatus {
    return this.#status
  }

  /** The bytes that can go on now. A record that is cut in two is held back until its rest comes. */
  read(chunk: Buffer): Buffer {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const passed: Buffer[] = []
    for (;;) {
      const start = bytes.indexOf(this.#marker)
      const end = start === -1 ? -1 : bytes.indexOf(0x1e, start + this.#marker.length)
      if (end === -1) {
        const keep = start === -1 ? bytes.length - this.#lengthOfPartialMarker(bytes) : start
        passed.push(bytes.subarray(0, keep))
        this.#held = Buffer.from(bytes.subarray(keep))
        return passed.length === 1 ? (passed[0] ?? bytes) : Buffer.concat(passed)
      }
      passed.push(bytes.subarray(0, start))
      this.#take(bytes.subarray(start + this.#marker.length, end).toString('latin1'))
      bytes = bytes.subarray(end + 1)
    }
  }

  /** What was held back and turned out to be no record. */
  rest(): Buffer {
    return this.#held
  }

  #take(record: string): void {
    if (record === 'S') this.#status = {...this.#status, hasBegun: true}
    if (record === 'D') this.#status = {...this.#status, lacksDirectory: true}
    const [, code] = /^E (\d{1,3})$/.exec(record) ?? []
    if (code !== undefined && Number(code) <= 255) this.#status = {...this.#status, exitCode: Number(code)}
  }

  #lengthOfPartialMarker(bytes: Buffer): number {
    const from = bytes.lastIndexOf(0x1e)
    const length = bytes.length - from
    if (from === -1 || length >= this.#marker.length) return 0
    return bytes.subarray(from).equals(this.#marker.subarray(0, length)) ? length : 0
  }
}
