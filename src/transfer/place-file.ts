import {
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  type PathLike,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  statfsSync,
  statSync,
} from 'node:fs'
import {dirname} from 'node:path'
import {systemCode} from '../core/errors.ts'
import {FileError} from '../core/files.ts'
import {ExistsError, NoSuchFileError} from './refusals.ts'

/** Does what writes to a path. Throws FileError, ExistsError. */
export const writingTo = <T>(path: string, write: () => T): T => {
  try {
    return write()
  } catch (error) {
    throw error instanceof ExistsError ? error : new FileError('write', path, error)
  }
}

/** Renames a file to its name; where that may not be taken from another, only if it is free, in one step. */
export function putInPlace(from: PathLike, to: PathLike, mayReplace: boolean): void {
  if (mayReplace) {
    renameSync(from, to)
    return
  }
  try {
    linkSync(from, to)
    rmSync(from)
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw new ExistsError(to.toString(), 'here')
    // A file system without hard links: the name is taken by an empty file first.
    closeSync(claim(to))
    renameSync(from, to)
  }
}

const claim = (path: PathLike): number => {
  try {
    return openSync(path, 'wx')
  } catch (error) {
    throw systemCode(error) === 'EEXIST' ? new ExistsError(path.toString(), 'here') : error
  }
}

/** Throws NoSuchFileError, ExistsError for what has a name here. */
export const refuseTarget = (path: string, mayReplace: boolean): void => {
  const stats = writingTo(path, () => lstatSync(path, {throwIfNoEntry: false}))
  if (stats === undefined) return
  if (!isReplaceable(path, stats))
    throw new NoSuchFileError(
      `${path} is here already, and no regular file.`,
      path,
      'Give another name with --out, or - for stdout.',
    )
  if (!mayReplace) throw new ExistsError(path, 'here')
}

/** A regular file, or a link that is no other name of a device, a pipe or an open file: /dev/stdout is such a link. */
export function isReplaceable(path: PathLike, stats: Stats): boolean {
  if (!stats.isSymbolicLink()) return stats.isFile()
  if (readlinkSync(path).startsWith('/proc/')) return false
  try {
    const behind = statSync(path, {throwIfNoEntry: false})
    return behind === undefined || behind.isFile() || behind.isDirectory()
  } catch {
    // It leads nowhere that we may go, or in a circle.
    return true
  }
}

/** Throws FileError where the disk has no room for so much. */
export function refuseTooBig(path: string, sizeBytes: number): void {
  const {bavail, bsize} = writingTo(path, () => statfsSync(dirname(path)))
  const cause = Object.assign(new Error(`it needs ${sizeBytes} bytes, and ${bavail * bsize} are free`), {
    code: 'ENOSPC',
  })
  if (sizeBytes > bavail * bsize) throw new FileError('write', path, cause)
}
