import {randomBytes} from 'node:crypto'
import {readFileSync, renameSync, type Stats, statSync} from 'node:fs'
import {mkdir, open, readdir, readFile, realpath, rm, stat} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import {RuncodeError, systemCode} from '../core/errors.ts'
import {FileError, lstatIfThere} from '../core/files.ts'

/** A file of the user's as it was read. */
export interface UserFile {
  /** Behind all links. */
  readonly path: string
  /** Its bytes, one character each; undefined where there is no file. */
  readonly text: string | undefined
  readonly stats: Stats | undefined
}

/** A file of the user's that can't be replaced: read-only, another user's, or one of several names. */
export class ReadOnlyConfigError extends RuncodeError {
  /** `paste`: what the user can put at its top instead; undefined where something is to be taken out. */
  constructor(path: string, why: string, paste: string | undefined) {
    super(`${path} ${why}, so it is left as it is.`, {
      code: 'config_read_only',
      hint:
        paste === undefined
          ? 'Take the block out where the file is made.'
          : 'Put the text at its top where it is made; one line is enough with: runcode config-ssh --include',
      facts: {path, ...(paste === undefined ? {} : {paste})},
    })
  }
}

/** The file is not the one that the change was made for: somebody else wrote it meanwhile. */
export class ChangedMeanwhileError extends RuncodeError {
  constructor(path: string) {
    super(`${path} was changed by another program while we were about to.`, {
      code: 'locked',
      hint: 'Nothing of it was lost. Repeat the command.',
      facts: {path},
    })
  }
}

/** Reads a file behind its links. Only a name with nothing behind it is an absent file; throws FileError for all else. */
export async function readUserFile(path: string): Promise<UserFile> {
  const real = await realpathOf(path)
  try {
    const before = await stat(real).catch(unlessAbsent)
    if (before === undefined) return {path: real, text: undefined, stats: undefined}
    if (!before.isFile()) throw new TypeError('it is no regular file')
    return {path: real, text: (await readFile(real)).toString('latin1'), stats: before}
  } catch (error) {
    throw new FileError('read', real, error)
  }
}

const realpathOf = async (path: string): Promise<string> => {
  try {
    const found = await realpath(path).catch(unlessAbsent)
    if (found !== undefined) return found
    if ((await lstatIfThere(path)) !== undefined) throw new TypeError('it is a link to what is not there')
    const folder = await realpath(dirname(path)).catch(unlessAbsent)
    return folder === undefined ? path : join(folder, basename(path))
  } catch (error) {
    throw error instanceof FileError ? error : new FileError('read', path, error)
  }
}

/** Why a file can't be replaced by a new one of its name, or undefined. */
export function whyFixed({stats}: UserFile): string | undefined {
  if (stats === undefined) return undefined
  if ((stats.mode & 0o222) === 0) return 'is read-only'
  // A new file has one name; the others would keep the old one.
  if (stats.nlink > 1) return `has ${stats.nlink} names (hard links)`
  const uid = process.geteuid?.()
  return uid === undefined || uid === 0 || uid === stats.uid ? undefined : 'belongs to another user'
}

/**
 * Puts a new text in the place of a file, whole or not at all, with its mode and owner: a temporary file beside it, fsync,
 * rename. Throws ChangedMeanwhileError where the file is not what was read any more, FileError for what the system says.
 * Only under the lock of the file.
 */
export async function replaceUserFile(file: UserFile, text: string): Promise<void> {
  const {path, stats} = file
  const temporary = `${path}.runcode-${randomBytes(6).toString('hex')}.tmp`
  try {
    await mkdir(dirname(path), {recursive: true, mode: 0o700})
    await removeStrays(path)
    await write(temporary, Buffer.from(text, 'latin1'), stats)
    refuseChanged(file)
    renameSync(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, {force: true}).catch(() => undefined)
    throw error instanceof RuncodeError ? error : new FileError('write', path, error)
  }
}

/** Removes a file as it was read. Throws what replaceUserFile() throws. */
export async function removeUserFile(file: UserFile): Promise<void> {
  try {
    refuseChanged(file)
    await rm(file.path)
  } catch (error) {
    throw error instanceof RuncodeError ? error : new FileError('remove', file.path, error)
  }
}

const write = async (path: string, bytes: Buffer, like: Stats | undefined): Promise<void> => {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    if (like !== undefined) {
      const {uid, gid} = await file.stat()
      if (uid !== like.uid || gid !== like.gid) await file.chown(like.uid, like.gid)
      await file.chmod(like.mode & 0o7777)
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

/** What a process that was killed left beside the file. */
const removeStrays = async (path: string): Promise<void> => {
  const [folder, name] = [dirname(path), basename(path)]
  for (const stray of await readdir(folder)) {
    if (stray.startsWith(`${name}.runcode-`) && /^\.runcode-[0-9a-f]{12}\.tmp$/.test(stray.slice(name.length)))
      await rm(join(folder, stray), {force: true})
  }
}

/** In one go with what follows: who saves the file between the two loses what they saved, as no system call does both. */
const refuseChanged = ({path, text, stats}: UserFile): void => {
  const now = statSync(path, {throwIfNoEntry: false})
  if (now?.ino !== stats?.ino || (now !== undefined && readFileSync(path).toString('latin1') !== text))
    throw new ChangedMeanwhileError(path)
}

/** Not every system lets a folder be synced. */
const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r').catch(() => undefined)
  await folder?.sync().catch(() => undefined)
  await folder?.close()
}

const unlessAbsent = (error: unknown): undefined => {
  if (systemCode(error) !== 'ENOENT') throw error
  return undefined
}
