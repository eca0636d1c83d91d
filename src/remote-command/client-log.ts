import {closeSync, openSync, readSync, unlinkSync, writeSync} from 'node:fs'
import {systemCode} from '../core/errors.ts'
import {logFileIn} from '../openssh/logs.ts'

/** What is kept of words, the first ones. */
const LIMIT_BYTES = 65_536

/** Where ssh says its own words. */
export interface Log {
  /** Undefined where there can be no file. */
  readonly path: string | undefined
  readonly options: readonly string[]
  /** The first words so far. */
  words(): string
  remove(): void
}

/**
 * ssh's own words go into a file (-E of ssh(1)), where those of the far side cannot be taken for them. Where there can be
 * no file (a full disk, a read-only one) ssh says them on stderr, and they prove nothing.
 */
export const openLog = (folder: string, level: 'VERBOSE' | 'DEBUG3'): Log => {
  const path = logFileIn(folder)
  const file = openIfPossible(path)
  if (file === undefined) return {path: undefined, options: [], words: () => '', remove: () => undefined}
  return {
    path,
    options: ['-E', path, '-o', `LogLevel=${level}`],
    words: (): string => {
      const words = Buffer.alloc(LIMIT_BYTES)
      return words.subarray(0, readSync(file, words, 0, LIMIT_BYTES, HEADER.length)).toString('utf8')
    },
    remove: (): void => {
      closeSync(file)
      unlinkIfThere(path)
    },
  }
}

/** As rmSync() would, which costs a warm exec half a millisecond more. */
const unlinkIfThere = (path: string): void => {
  try {
    unlinkSync(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

/** Takes the file's first block of the disk: ssh does not notice that it writes to a full one. */
const HEADER = '\n'

const openIfPossible = (path: string): number | undefined => {
  let file: number | undefined
  try {
    file = openSync(path, 'wx+', 0o600)
    writeSync(file, HEADER)
    return file
  } catch (error) {
    // The session was ended by another runcode; ssh would find no config either.
    if (systemCode(error) === 'ENOENT') throw error
    if (file !== undefined) {
      closeSync(file)
      unlinkIfThere(path)
    }
    return undefined
  }
}
