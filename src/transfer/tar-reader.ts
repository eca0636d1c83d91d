import type {Taker} from './far-stream.ts'
import {UnsafeArchiveError} from './refusals.ts'
import {TAR_BLOCK_BYTES} from './tar-header.ts'

/** An entry of an archive, as it says of itself. Its name is bytes from somebody else: see splitName(). */
export interface ReadEntry {
  readonly name: Buffer
  readonly kind: 'directory' | 'file' | 'link' | 'hard link' | 'other'
  readonly sizeBytes: number
  readonly mode: number
  readonly mtimeSeconds: number
  /** Of both kinds of links. */
  readonly target: Buffer
}

/** Hears what is in an archive, in order. Whatever it throws ends the reading. */
export interface ArchiveListener {
  entry(entry: ReadEntry): void
  /** Of the last entry. */
  bytes(bytes: Buffer): void
}

const KINDS: Readonly<Record<string, ReadEntry['kind']>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'hard link',
  '2': 'link',
  '5': 'directory',
  '3': 'other',
  '4': 'other',
  '6': 'other',
}
/** Names and facts that stand before an entry are no longer than this. */
const LONGEST_FACTS_BYTES = 1 << 16
/** Programs of tar fill their last record up with zeros; who sends more of them will not stop. */
const MOST_EMPTY_BLOCKS = 4096
const RECORD_SEPARATOR = 0x1d

interface Facts {
  readonly name?: Buffer
  readonly target?: Buffer
  readonly sizeBytes?: number
  readonly mtimeSeconds?: number
}

/**
 * Reads an archive of tar (POSIX ustar and pax; GNU long names) up to a record separator in the place of a header, with
 * which no name of ours begins. Sparse files and whatever else is not in its list it refuses. Throws UnsafeArchiveError.
 */
export function readTar(listener: ArchiveListener): Taker {
  let [facts, factsType]: [Facts, string] = [{}, '']
  let held: Buffer = Buffer.alloc(0)
  let [bodyLeft, paddingLeft, emptyBlocks] = [0, 0, 0]
  const takeHeader = (block: Buffer): void => {
    if (block.every((byte) => byte === 0)) {
      emptyBlocks += 1
      if (emptyBlocks > MOST_EMPTY_BLOCKS) throw new UnsafeArchiveError('it has no end')
      return
    }
    const header = parseHeader(block)
    const {type} = header
    const isFacts = 'LKxg'.includes(type) && type !== ''
    const sizeBytes = isFacts ? header.sizeBytes : (facts.sizeBytes ?? header.sizeBytes)
    ;[factsType, held] = [isFacts ? type : '', Buffer.alloc(0)]
    if (isFacts && sizeBytes > LONGEST_FACTS_BYTES) throw new UnsafeArchiveError('a name is too long')
    if (!isFacts) {
      const kind = KINDS[type]
      if (kind === undefined) throw new UnsafeArchiveError('an entry is of a kind that nobody asked for')
      const entry = {...header, ...facts, kind}
      listener.entry({...entry, sizeBytes: kind === 'file' ? sizeBytes : 0})
      facts = {}
    }
    const hasBody = isFacts || KINDS[type] === 'file'
    bodyLeft = hasBody ? sizeBytes : 0
    paddingLeft = -bodyLeft & (TAR_BLOCK_BYTES - 1)
  }
  const takeBody = (bytes: Buffer): void => {
    bodyLeft -= bytes.length
    if (factsType === '') listener.bytes(bytes)
    else held = Buffer.concat([held, bytes])
    if (bodyLeft > 0 || factsType === '') return
    facts = {...facts, ...parseFacts(factsType, held)}
    held = Buffer.alloc(0)
  }
  return {
    take(chunk) {
      let bytes = chunk
      while (bytes.length > 0) {
        if (bodyLeft > 0) {
          const part = bytes.subarray(0, bodyLeft)
          bytes = bytes.subarray(part.length)
          takeBody(part)
        } else if (paddingLeft > 0) {
          const skipped = Math.min(paddingLeft, bytes.length)
          paddingLeft -= skipped
          bytes = bytes.subarray(skipped)
        } else if (held.length === 0 && bytes[0] === RECORD_SEPARATOR) {
          return bytes
        } else {
          const part = bytes.subarray(0, TAR_BLOCK_BYTES - held.length)
          bytes = bytes.subarray(part.length)
          held = Buffer.concat([held, part])
          if (held.length < TAR_BLOCK_BYTES) return undefined
          const block = held
          held = Buffer.alloc(0)
          takeHeader(block)
        }
      }
      return undefined
    },
  }
}

const parseHeader = (block: Buffer) => {
  const stated = numberAt(block, 148, 8)
  const sum = block.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0)
  if (stated !== sum) throw new UnsafeArchiveError('it is no archive')
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = isPosix ? textAt(block, 345, 155) : Buffer.alloc(0)
  const name = textAt(block, 0, 100)
  return {
    type: block.toString('latin1', 156, 157),
    name: prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]),
    sizeBytes: numberAt(block, 124, 12),
    mode: numberAt(block, 100, 8) & 0o777,
    mtimeSeconds: numberAt(block, 136, 12),
    target: textAt(block, 157, 100),
  }
}

const textAt = (block: Buffer, from: number, lengthBytes: number): Buffer => {
  const field = block.subarray(from, from + lengthBytes)
  const end = field.indexOf(0)
  return Buffer.from(end === -1 ? field : field.subarray(0, end))
}

/** Octal digits, or binary behind a first bit that is set, as GNU's and BSD's tar have it. */
const numberAt = (block: Buffer, from: number, lengthBytes: number): number => {
  const field = block.subarray(from, from + lengthBytes)
  if (field[0] === 0x80) return safe(field.subarray(-7).readUIntBE(1, 6), field.subarray(1, -6))
  // A time before 1970.
  if (field[0] === 0xff) return 0
  const digits = field
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trimStart()
  if (!/^[0-7]*$/.test(digits)) throw new UnsafeArchiveError('it is no archive')
  return digits === '' ? 0 : safe(Number.parseInt(digits, 8), Buffer.alloc(0))
}

const safe = (value: number, higher: Buffer): number => {
  if (!Number.isSafeInteger(value) || higher.some((byte) => byte !== 0))
    throw new UnsafeArchiveError('it is no archive')
  return value
}

const parseFacts = (type: string, bytes: Buffer): Facts => {
  if (type === 'g') return {}
  if (type === 'x') return parsePax(bytes)
  const end = bytes.indexOf(0)
  const value = end === -1 ? bytes : bytes.subarray(0, end)
  return type === 'L' ? {name: value} : {target: value}
}

/** `length key=value\n`, where the length counts all of it (POSIX pax, extended header). */
const parsePax = (bytes: Buffer): Facts => {
  let facts: Facts = {}
  for (let at = 0; at < bytes.length; ) {
    const [whole = '', digits = '', key = ''] =
      /^(\d{1,6}) ([^=]{1,64})=/.exec(bytes.toString('latin1', at, at + 80)) ?? []
    const end = at + Number(digits)
    if (whole === '' || end > bytes.length || end <= at + whole.length || bytes[end - 1] !== 0x0a)
      throw new UnsafeArchiveError('it is no archive')
    const value = Buffer.from(bytes.subarray(at + whole.length, end - 1))
    if (key.startsWith('GNU.sparse')) throw new UnsafeArchiveError('a file is sparse')
    if (key === 'path') facts = {...facts, name: value}
    if (key === 'linkpath') facts = {...facts, target: value}
    if (key === 'size') facts = {...facts, sizeBytes: decimal(value)}
    if (key === 'mtime')
      facts = {...facts, mtimeSeconds: Math.max(0, Math.floor(Number(value.toString('latin1')) || 0))}
    at = end
  }
  return facts
}

const decimal = (value: Buffer): number => {
  const digits = value.toString('latin1')
  if (!/^\d{1,15}$/.test(digits)) throw new UnsafeArchiveError('it is no archive')
  return Number(digits)
}
