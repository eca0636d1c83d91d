import type {BigIntStats} from 'node:fs'
import {type Fields, uint32, uint64} from './fields.ts'

/** What a client wants a file to have; what it leaves out stays as it is. */
export interface Attributes {
  readonly sizeBytes: bigint | undefined
  readonly owner: {readonly uid: number; readonly gid: number} | undefined
  /** Permissions with the set-id and sticky bits, without the type of the file. */
  readonly mode: number | undefined
  /** Seconds since 1970. */
  readonly times: {readonly accessed: number; readonly modified: number} | undefined
}

/** Draft-ietf-secsh-filexfer-02 section 5. */
const SIZE = 0x1
const OWNER = 0x2
const MODE = 0x4
const TIMES = 0x8
const EXTENDED = 0x80000000

export function readAttributes(fields: Fields): Attributes {
  const flags = fields.uint32()
  const attributes = {
    sizeBytes: flags & SIZE ? fields.uint64() : undefined,
    owner: flags & OWNER ? {uid: fields.uint32(), gid: fields.uint32()} : undefined,
    mode: flags & MODE ? fields.uint32() & 0o7777 : undefined,
    times: flags & TIMES ? {accessed: fields.uint32(), modified: fields.uint32()} : undefined,
  }
  // Pairs of a name and data that nobody has defined.
  if (flags & EXTENDED) for (let fieldCount = 2 * fields.uint32(); fieldCount > 0; fieldCount -= 1) fields.bytes()
  return attributes
}

export const encodeAttributes = (stats: BigIntStats): readonly Buffer[] => [
  uint32(SIZE | OWNER | MODE | TIMES),
  uint64(stats.size),
  uint32(Number(stats.uid)),
  uint32(Number(stats.gid)),
  uint32(Number(stats.mode)),
  uint32(secondsOf(stats.atimeMs)),
  uint32(secondsOf(stats.mtimeMs)),
]

/** The field cannot say a time before 1970 or after 2106. */
const secondsOf = (ms: bigint): number => Math.min(Math.max(Number(ms / 1000n), 0), 0xffffffff)
