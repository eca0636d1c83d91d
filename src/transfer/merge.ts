import {lstatSync, readdirSync, renameSync, type Stats} from 'node:fs'
import {FileError} from '../core/files.ts'
import {isReplaceable, putInPlace} from './place-file.ts'
import {ExistsError, NoSuchFileError} from './refusals.ts'

/**
 * Moves a tree to a path here, into the directories that are there already; never through a link. Nothing is moved where
 * something is in its way. Files that are there and may not be replaced stay, and the others are moved. Throws
 * NoSuchFileError, ExistsError, FileError.
 */
export function mergeInto(moves: readonly {from: Buffer; to: Buffer}[], mayReplace: boolean): void {
  const all = moves.flatMap(({from, to}) => planOf(from, to))
  let kept: ExistsError | undefined
  for (const {from, to, isDirectory} of all) {
    try {
      if (isDirectory) renameSync(from, to)
      else putInPlace(from, to, mayReplace)
    } catch (error) {
      if (!(error instanceof ExistsError)) throw new FileError('write', to.toString(), error)
      kept ??= error
    }
  }
  if (kept !== undefined) throw kept
}

interface Move {
  readonly from: Buffer
  readonly to: Buffer
  readonly isDirectory: boolean
}

const planOf = (from: Buffer, to: Buffer): readonly Move[] => {
  const [source, target] = [statsOf(from), statsOf(to)]
  const isDirectory = source?.isDirectory() === true
  if (target === undefined) return [{from, to, isDirectory}]
  if (isDirectory && target.isDirectory())
    return readdirSync(from, {encoding: 'buffer'}).flatMap((name) => planOf(below(from, name), below(to, name)))
  if (isDirectory || !isReplaceable(to, target))
    throw new NoSuchFileError(
      `${to} is in the way here: ${isDirectory ? 'it is no directory' : 'it is no regular file'}. Nothing was replaced.`,
      to.toString(),
      'Move it away, or give another place with --out.',
    )
  return [{from, to, isDirectory}]
}

const statsOf = (path: Buffer): Stats | undefined => {
  try {
    return lstatSync(path, {throwIfNoEntry: false})
  } catch (error) {
    throw new FileError('read', path.toString(), error)
  }
}

const below = (folder: Buffer, name: Buffer): Buffer => Buffer.concat([folder, Buffer.from('/'), name])
