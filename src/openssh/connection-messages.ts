/** Messages of the SSH connection protocol that a session needs: RFC 4254, numbers in RFC 4250 4.1.2. */
export const MESSAGE = {
  open: 90,
  opened: 91,
  notOpened: 92,
  windowAdjust: 93,
  data: 94,
  extendedData: 95,
  eof: 96,
  close: 97,
  request: 98,
  success: 99,
  failure: 100,
} as const

/** Longer than any that may come: a packet of data (32 KiB, see SESSION_OPEN) with its head. */
const LONGEST_BYTES = 65_536

/** One message, as a master hands it on: a length, no padding, its number, its fields (PROTOCOL.mux). */
export function message(type: number, ...fields: readonly Buffer[]): Buffer {
  const size = fields.reduce((sum, field) => sum + field.length, 0)
  const head = Buffer.alloc(6)
  head.writeUInt32BE(size + 2)
  head[5] = type
  return Buffer.concat([head, ...fields])
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A length, and as many bytes. */
export function string(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([uint32(bytes.length), bytes])
}

export const boolean = (value: boolean): Buffer => Buffer.from([value ? 1 : 0])

export interface Message {
  readonly type: number
  readonly fields: Fields
}

/** Cuts a stream into messages, and throws RangeError for what is none. */
export class MessageReader {
  #held: Buffer

  constructor(received: Buffer) {
    this.#held = received
  }

  /** Every message that is complete with this chunk. */
  *read(chunk: Buffer): Generator<Message> {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    while (bytes.length >= 6) {
      const length = bytes.readUInt32BE(0)
      if (length < 2 || length > LONGEST_BYTES) throw new RangeError(`A message of ${length} bytes.`)
      if (bytes.length < 4 + length) break
      yield {type: bytes[5] ?? 0, fields: new Fields(bytes.subarray(6, 4 + length))}
      bytes = bytes.subarray(4 + length)
    }
    this.#held = bytes
  }
}

/** The fields of a message, one after the other. Throws RangeError where there is no such field. */
export class Fields {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  uint32(): number {
    const value = this.#bytes.readUInt32BE(this.#at)
    this.#at += 4
    return value
  }

  boolean(): boolean {
    const value = this.#bytes.readUInt8(this.#at)
    this.#at += 1
    return value !== 0
  }

  string(): Buffer {
    const length = this.uint32()
    if (this.#at + length > this.#bytes.length) throw new RangeError(`A string of ${length} bytes.`)
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}
