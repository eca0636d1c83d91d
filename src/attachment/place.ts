import {realpathSync, statSync} from 'node:fs'
import {realpath, stat} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {RuncodeError} from '../core/errors.ts'

/** A directory was removed, or may not be looked at: what is attached to it can't be told. */
export class NoPlaceError extends RuncodeError {
  constructor(directory: string, why: string, cause?: unknown) {
    super(`${directory} ${why}, so nothing can be attached to it.`, {
      code: 'not_attached',
      hint: 'Go to another directory (cd), or name the workspace with --workspace.',
      cause,
    })
  }
}

/** The real path of a directory. Throws NoPlaceError. */
export async function realPlace(directory: string): Promise<string> {
  try {
    return realpathSync.native(directory)
  } catch (error) {
    throw new NoPlaceError(`The directory ${directory}`, 'is gone or cannot be read', error)
  }
}

/**
 * The real path of the place that a connect in `cwd` attaches: the git work tree around it, else the directory itself.
 * A home directory under git (dotfiles) is not the tree of everything below it. Throws NoPlaceError.
 */
export async function treeOf(cwd: string, home: string): Promise<string> {
  const place = await realPlace(cwd)
  const top = await realHome(home)
  for (const folder of ancestorsOf(place)) {
    if (folder === top) return place
    if ((await stat(join(folder, '.git')).catch(() => undefined)) !== undefined) return folder
  }
  return place
}

/** Whether a tree stands for everything below the home directory, and `cwd` is not that tree itself. Throws NoPlaceError. */
export async function isOnlyDefault(tree: string, {cwd, home}: {cwd: string; home: string}): Promise<boolean> {
  return ancestorsOf(await realHome(home)).includes(tree) && tree !== (await realPlace(cwd))
}

/**
 * When a directory was made, in ns (to a tick of the system's clock, some ms), as its file system tells (statx(2),
 * `stx_btime`); `'0'` where it does not. It tells a directory from another one that was made or moved to the same path. Inode numbers do not: ext4 gives that of a
 * removed directory to the next one, and some file systems change them at every mount. A layered file system (overlay)
 * copies a directory of a lower layer at the first change below it, and calls the copy new. Throws NoPlaceError.
 */
export async function bornAt(tree: string): Promise<string> {
  try {
    return String(statSync(tree, {bigint: true}).birthtimeNs)
  } catch (error) {
    throw new NoPlaceError(`The directory ${tree}`, 'is gone or cannot be read', error)
  }
}

/** From the folder itself up to the root. */
export const ancestorsOf = (folder: string): readonly string[] => {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...ancestorsOf(parent)]
}

const realHome = (home: string): Promise<string> => realpath(home).catch(() => home)
