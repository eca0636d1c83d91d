import {createHash} from 'node:crypto'
import {join} from 'node:path'
import type {Deadline} from '../core/deadline.ts'
import {systemCode} from '../core/errors.ts'
import {FileError, makePrivateFolder} from '../core/files.ts'
import {withLock} from '../core/lock.ts'
import {keepBackup} from './backups.ts'
import {
  ChangedMeanwhileError,
  ReadOnlyConfigError,
  readUserFile,
  removeUserFile,
  replaceUserFile,
  type UserFile,
  whyFixed,
} from './user-file.ts'

/** A file of the user's while no other runcode changes it. */
export interface LockedFile {
  readonly file: UserFile
  /** Where we keep what belongs to it: copies, and what is tried. */
  readonly folder: string
}

/** Somebody else may save the file just then; who does so again and again is not waited for. */
const TRIES = 5

/**
 * Does work with a file under its lock: `<state>/ssh-config/<its path as a hash>/lock`. It begins again with what is there
 * by then where another program has changed the file before it was written. Throws LockedError, ChangedMeanwhileError.
 */
export async function withLockedFile<T>(
  {path, state}: {path: string; state: string},
  deadline: Deadline,
  work: (locked: LockedFile) => Promise<T>,
): Promise<T> {
  const {path: real} = await readUserFile(path)
  const folder = join(state, 'ssh-config', createHash('sha256').update(real).digest('hex').slice(0, 16))
  await makePrivateFolder(folder)
  return withLock(join(folder, 'lock'), deadline, async () => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work({file: await readUserFile(path), folder})
      } catch (error) {
        if (!(error instanceof ChangedMeanwhileError) || tries === TRIES) throw error
      }
    }
  })
}

export interface Change {
  /** The new text of the file; undefined for none. */
  readonly text: string | undefined
  readonly now: Date
  /** What its owner can put there where we can't. */
  readonly paste: string | undefined
}

/**
 * Replaces the file, after a copy of it was kept, and gives the path of the copy: undefined where there was no file.
 * Throws ReadOnlyConfigError, ChangedMeanwhileError, FileError.
 */
export async function changeFile({file, folder}: LockedFile, {text, now, paste}: Change): Promise<string | undefined> {
  const fixed = whyFixed(file)
  if (fixed !== undefined) throw new ReadOnlyConfigError(file.path, fixed, paste)
  const backup = file.text === undefined ? undefined : await keepBackup(backupsOf(folder), file.text, now)
  try {
    if (text === undefined) await removeUserFile(file)
    else await replaceUserFile(file, text)
    return backup
  } catch (error) {
    const code = error instanceof FileError ? systemCode(error.cause) : undefined
    if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM')
      throw new ReadOnlyConfigError(file.path, `cannot be replaced (${code})`, paste)
    throw error
  }
}

/** Where the copies of a file are kept. */
export const backupsOf = (folder: string): string => join(folder, 'backups')
