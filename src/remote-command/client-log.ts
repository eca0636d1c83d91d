import {closeSync, openSync, readSync, rmSync, writeSync} from 'node:fs'
import {systemCode} from '../core/errors.ts'
import {logFileIn} from '../openssh/logs.ts'

/** What is kept of words, the first ones. */
const LIMIT_BYTES = 65_536

/**
 * ssh's own words go into a file (-E of ssh(1)), where those of the far side cannot be taken for them. Where there can be
 * no file (a full disk, a read-only one) ssh says them on stderr, and they prove nothing.
 */
export const openLog = (folder: string) => {
  const path = logFileIn(folder)
  const file = openIfPossible(path)
  if (file === undefined) return {path: undefined, options: [], words: () => '', remove: () => undefined}
  return {
    path,
    options: ['-E', path, '-o', 'LogLevel=VERBOSE'],
    words: (): string => {
      const words = Buffer.alloc(LIMIT_BYTES)
      return words.subarray(0, readSync(file, words, 0, LIMIT_BYTES, HEADER.length)).toString('utf8')
    },
    remove: (): void => {
      closeSync(file)
      rmSync(path, {force: true})
    },
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
      rmSync(path, {force: true})
    }
    return undefined
  }
}
