/** What the far side said about the command. */
export interface RemoteStatus {
  readonly hasBegun: boolean
  /** What was missing, so that it was not run: its directory, a part of the program that was sent along, a terminal. */
  readonly missing: 'directory' | 'program' | 'terminal' | undefined
  /** 0 to 255, or undefined where the end was not told. */
  readonly exitCode: number | undefined
  /** The name of a signal, without SIG, where the status is 128 and its number. */
  readonly signal: string | undefined
}

/** `S`, `B`, `D`, `P`, `T` and `E 0 ` to `E 255 NAME`. */
const LONGEST_RECORD_BYTES = 24

/** 128 and SIGRTMAX of Linux. */
const HIGHEST_SIGNAL_STATUS = 192

/** Takes the records of the wrapper out of a stream; everything else passes unchanged, byte for byte. */
export class StatusReader {
  readonly #marker: Buffer
  #held: Buffer = Buffer.alloc(0)
  #status: RemoteStatus = {hasBegun: false, missing: undefined, exitCode: undefined, signal: undefined}

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
    if (record === 'D' && !hasBegun) this.#status = {...this.#status, missing: 'directory'}
    if (record === 'P' && !hasBegun) this.#status = {...this.#status, missing: 'program'}
    if (record === 'T' && !hasBegun) this.#status = {...this.#status, missing: 'terminal'}
    const [, code, name = ''] = /^E (\d{1,3}) ([A-Z0-9+-]{0,12})$/.exec(record) ?? []
    if (!hasBegun || code === undefined || Number(code) > 255) return
    // Of a number that no signal has some shells give words of their own.
    const signal = Number(code) <= HIGHEST_SIGNAL_STATUS && /^[A-Z]/.test(name) ? name : undefined
    this.#status = {...this.#status, exitCode: Number(code), signal}
  }

  #lengthOfPartialMarker(bytes: Buffer): number {
    const from = bytes.lastIndexOf(0x1e)
    const length = bytes.length - from
    if (from === -1 || length >= this.#marker.length) return 0
    return bytes.subarray(from).equals(this.#marker.subarray(0, length)) ? length : 0
  }
}
