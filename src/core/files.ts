import {randomBytes} from 'node:crypto'
import {closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, type Stats} from 'node:fs'
import {type FileHandle, lstat, mkdir, open, readdir, rename, rm, rmdir} from 'node:fs/promises'
import {dirname, join, sep} from 'node:path'
import {messageOf, RuncodeError, systemCode} from './errors.ts'

/** A file of ours could not be read or written: disk full, read-only, not permitted. */
export class FileError extends RuncodeError {
  constructor(verb: 'read' | 'write' | 'remove', path: string, cause: unknown) {
    super(`Could not ${verb} ${path}: ${messageOf(cause)}`, {
      code: 'file_error',
      hint: HINTS[systemCode(cause) ?? ''] ?? `Look at what is there: ls -ld ${path}`,
      facts: {path},
      cause,
    })
  }
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'Check its owner and mode; "runcode doctor" looks at all of ours.',
  ENOSPC: 'The disk is full; free some space and repeat the command.',
  EDQUOT: 'The disk quota is used up; free some space and repeat the command.',
  ENOENT: 'Check the path, and where it was set.',
  ENOTDIR: 'Check the path, and where it was set.',
  EFBIG: 'Files may not grow that large here; "ulimit -f" tells how large.',
  EPIPE: 'Look whether its reader has left, or its disk is full.',
  EROFS:
    'The file system is read-only: take another place; for folders of ours set XDG_STATE_HOME and XDG_CONFIG_HOME.',
}

/** A folder of ours is a link, belongs to another user, or is open to others. */
export class UnsafeFolderError extends RuncodeError {
  constructor(path: string, why: string) {
    super(`The folder ${path} ${why}.`, {
      code: 'unsafe_folder',
      hint: `Look at it (ls -ld ${path}); it must be yours, mode 0700, and no link.`,
      facts: {path},
    })
  }
}

/**
 * The text of a file, or undefined only where there is none. Throws FileError for every other reason, also where
 * something else has the file's name: a pipe without a writer would keep us for ever. One that `mustBeOurs` is neither
 * taken from another user nor by way of a link, behind which what it held would stay when it is replaced or removed.
 */
export async function readIfThere(path: string, {mustBeOurs = false} = {}): Promise<string | undefined> {
  try {
    if (mustBeOurs && lstatSync(path).isSymbolicLink()) throw new TypeError('it is a link')
    // Windows has neither this flag nor such pipes.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const stats = fstatSync(file)
      if (!stats.isFile()) throw new TypeError('it is no regular file')
      if (mustBeOurs && process.platform !== 'win32' && stats.uid !== process.getuid?.())
        throw new TypeError('it belongs to another user')
      return readFileSync(file, 'utf8')
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw new FileError('read', path, error)
  }
}

/** Writes a file whole or not at all: a temporary file beside it, fsync, rename. Mode 0600 unless given. */
export async function writeWhole(path: string, text: string | Uint8Array, {mode = 0o600} = {}): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const file = await open(temporary, 'wx', mode)
    await writeAndSync(file, text)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, {force: true}).catch(() => undefined)
    throw new FileError('write', path, error)
  }
}

/**
 * Removes what writeWhole() left of these files of a folder where it was killed. Only under a lock that every writer of
 * them takes: it would take the ground from under another one.
 */
export async function removeHalfWritten(folder: string, files: RegExp): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, file] = /^(.+)\.[0-9a-f]{12}\.tmp$/.exec(name) ?? []
    if (file !== undefined && files.test(file)) await removeWhole(join(folder, name))
  }
}

/** Throws UnsafeFolderError for the first of these folders that is there and not ours alone. */
export async function refuseUnsafeFolders(...folders: readonly string[]): Promise<void> {
  const found = await Promise.all(folders.map(lstatIfThere))
  for (const [at, stats] of found.entries()) {
    const fault = stats === undefined ? undefined : faultIn(stats)
    if (fault !== undefined) throw new UnsafeFolderError(folders[at] ?? '', fault)
  }
}

const writeAndSync = async (file: FileHandle, text: string | Uint8Array): Promise<void> => {
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes a folder and its parents, each new one 0700, and throws UnsafeFolderError where the last one is not ours alone. */
export async function makePrivateFolder(path: string): Promise<void> {
  const fault = faultIn(await madeFolder(path))
  if (fault !== undefined) throw new UnsafeFolderError(path, fault)
}

const madeFolder = async (path: string): Promise<Stats> => {
  // Someone who clears up may take it, or one above it, away again while it is empty.
  for (let triesLeft = 100; ; triesLeft -= 1) {
    try {
      await mkdir(path, {recursive: true, mode: 0o700})
      return await lstat(path)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' || triesLeft === 0) throw new FileError('write', path, error)
    }
  }
}

/** What is under a name, a link itself and not its target; undefined where there is nothing. Throws FileError. */
export async function lstatIfThere(path: string): Promise<Stats | undefined> {
  try {
    return lstatSync(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw new FileError('read', path, error)
  }
}

/** Why a folder is not safe to keep secrets in, or undefined. Modes and owners are not looked at on Windows. */
export const folderFault = async (path: string): Promise<string | undefined> => faultIn(lstatSync(path))

const faultIn = (stats: Stats): string | undefined => {
  if (stats.isSymbolicLink()) return 'is a link'
  if (!stats.isDirectory()) return 'is not a folder'
  if (process.platform === 'win32') return undefined
  if (stats.uid !== process.getuid?.()) return 'belongs to another user'
  if ((stats.mode & 0o077) !== 0) return 'is open to other users'
  return undefined
}

/** Removes a file or a folder with all in it; none there is fine. What somebody else puts in meanwhile is removed as well. */
export async function removeWhole(path: string): Promise<void> {
  try {
    await rm(path, {recursive: true, force: true, maxRetries: 10, retryDelay: 10})
  } catch (error) {
    throw new FileError('remove', path, error)
  }
}

/** Removes folders upwards from `path` as long as they are empty, `stopAt` itself never. */
export async function removeEmptyFolders(path: string, stopAt: string): Promise<void> {
  for (let folder = path; folder.startsWith(`${stopAt}${sep}`); folder = dirname(folder)) {
    try {
      await rmdir(folder)
    } catch {
      return
    }
  }
}
