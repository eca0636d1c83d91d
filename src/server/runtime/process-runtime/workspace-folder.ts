import {lstatSync, mkdirSync, realpathSync} from 'node:fs'
import {lstat, mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {RuncodeError, systemCode} from '../../../core/errors.ts'
import {FileError, makePrivateFolder, UnsafeFolderError} from '../../../core/files.ts'
import type {RuntimeWorkspace} from '../runtime.ts'

/** Where a workspace lives on this machine, absolute. */
export interface WorkspaceFolder {
  readonly root: string
  readonly home: string
  /** The project directory. */
  readonly workdir: string
  readonly temporary: string
}

/** A title that is no name of a folder. The control plane makes titles; this is the last door before the disk. */
export class BadTitleError extends RuncodeError {
  constructor(title: string) {
    super(`The title ${JSON.stringify(title)} cannot name a workspace.`, {code: 'bad_request'})
  }
}

/** The folders of a workspace below `folder`; nothing is made. Throws BadTitleError. */
export function workspaceFolder(folder: string, {title}: RuntimeWorkspace): WorkspaceFolder {
  if (!/^[a-z0-9-]{1,64}$/.test(title)) throw new BadTitleError(title)
  const root = join(folder, title)
  const home = join(root, 'home')
  return {root, home, workdir: join(home, 'workspace'), temporary: join(root, 'tmp')}
}

/**
 * Makes what is missing. Only the root must be ours alone; what its user does with modes and links inside is not our
 * business, and nothing is made behind such a link.
 */
export async function makeWorkspaceFolder({root, home, workdir, temporary}: WorkspaceFolder): Promise<void> {
  await makePrivateFolder(root)
  await makeUnlessThere(home)
  await makeUnlessThere(temporary)
  if ((await lstat(home)).isDirectory()) await makeUnlessThere(workdir)
}

const makeUnlessThere = async (path: string): Promise<void> => {
  try {
    await mkdir(path, {mode: 0o700})
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw new FileError('write', path, error)
  }
}

/**
 * Makes the folder of all workspaces, and gives what throws UnsafeFolderError when it is not in its place any more: a
 * workspace has the rights of our user, and may have put a link there, or above. Throws FileError, UnsafeFolderError.
 */
export function keepInPlace(folder: string): () => void {
  try {
    mkdirSync(folder, {recursive: true, mode: 0o700})
  } catch (error) {
    throw new FileError('write', folder, error)
  }
  if (!isFolder(folder)) throw new UnsafeFolderError(folder, 'is a link')
  const place = realpathSync(folder)
  return () => {
    if (placeOf(folder) !== place) throw new UnsafeFolderError(folder, 'was moved, or is a link')
  }
}

const placeOf = (folder: string): string | undefined => {
  try {
    return realpathSync(folder)
  } catch {
    return undefined
  }
}

/** Whether a path is a folder itself, and no link to one. */
export function isFolder(path: string): boolean {
  return lstatSync(path, {throwIfNoEntry: false})?.isDirectory() ?? false
}
