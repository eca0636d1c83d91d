/** What the far side said about the command. */
export interface RemoteStatus {
  readonly hasBegun: boolean
  /** Its directory was not there, and it was not run. */
  readonly lacksDirectory: boolean
  /** 0 to 255, or undefined where the end was not told. */
  readonly exitCode: number | undefined
}

/** `S`, `D` and `E 0` to `E 255`. */
const LONGEST_RECORD_BYTES = 5

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
      const from = start + this.#marker.length
      const end = start === -1 ? -1 : bytes.subarray(from, from + LONGEST_RECORD_BYTES + 1).indexOf(0x1e)
      if (end !== -1) {
        passed.push(bytes.subarray(0, start))
        this.#take(bytes.subarray(from, from + end).toString('latin1'))
        bytes = bytes.subarray(from + end + 1)
      } else if (start !== -1 && bytes.length > from + LONGEST_RECORD_BYTES) {
        // The command can read the marker in its parent's arguments; without an end it is text like any other.
        passed.push(bytes.subarray(0, from))
        bytes = bytes.subarray(from)
      } else {
        const keep = start === -1 ? bytes.length - this.#lengthOfPartialMarker(bytes) : start
        passed.push(bytes.subarray(0, keep))
        this.#held = Buffer.from(bytes.subarray(keep))
        return passed.length === 1 ? (passed[0] ?? bytes) : Buffer.concat(passed)
      }
    }
  }

  /** What was held back and turned out to be no record. */
  rest(): Buffer {
    return this.#held
  }

  /** What cannot come at this point is not from the wrapper: a command that has begun had its directory. */
  #take(record: string): void {
    const {hasBegun} = this.#status
    if (record === 'S') this.#status = {...this.#status, hasBegun: true}
    if (record === 'D' && !hasBegun) this.#status = {...this.#status, lacksDirectory: true}
    const [, code] = /^E (\d{1,3})$/.exec(record) ?? []
    if (hasBegun && code !== undefined && Number(code) <= 255) this.#status = {...this.#status, exitCode: Number(code)}
  }

  #lengthOfPartialMarker(bytes: Buffer): number {
    const from = bytes.lastIndexOf(0x1e)
    const length = bytes.length - from
    if (from === -1 || length >= this.#marker.length) return 0
    return bytes.subarray(from).equals(this.#marker.subarray(0, length)) ? length : 0
  }
}
