import {lstatSync, readdirSync, readlinkSync, statSync} from 'node:fs'
import {FileError} from '../core/files.ts'

/** A directory, file or link here that is to be sent. Paths and names are bytes, since not all of them are text. */
export interface LocalEntry {
  readonly path: Buffer
  /** In the archive, without a slash at the end. */
  readonly name: Buffer
  readonly kind: 'directory' | 'file' | 'link'
  readonly sizeBytes: number
  readonly mode: number
  readonly mtimeSeconds: number
  readonly target: Buffer | undefined
}

export interface LocalTree {
  readonly entries: readonly LocalEntry[]
  /** Sockets, pipes and devices, which are no files. */
  readonly leftOut: readonly Buffer[]
}

const SLASH = Buffer.from('/')

/** All that is below some paths, each under a name of its own; a link that is named itself is followed. Throws FileError. */
export function walkTree(
  roots: readonly {readonly path: string; readonly name: string}[],
  {follows}: {readonly follows: boolean},
): LocalTree {
  const entries: LocalEntry[] = []
  const leftOut: Buffer[] = []
  const visit = (path: Buffer, name: Buffer, above: readonly string[], isRoot: boolean): void => {
    const stats = reading(path, () => (follows || isRoot ? statSync(path) : lstatSync(path)))
    const {mode, mtimeMs, size} = stats
    const entry = {path, name, mode: mode & 0o777, mtimeSeconds: Math.max(0, Math.floor(mtimeMs / 1000))}
    if (stats.isFile()) entries.push({...entry, kind: 'file', sizeBytes: size, target: undefined})
    else if (stats.isSymbolicLink()) {
      const target = reading(path, () => readlinkSync(path, {encoding: 'buffer'}))
      entries.push({...entry, kind: 'link', sizeBytes: 0, target})
    } else if (stats.isDirectory()) {
      const identity = `${stats.dev}:${stats.ino}`
      if (above.includes(identity)) throw new FileError('read', path.toString(), new Error('it leads back into itself'))
      // Nobody moves a directory that he may not write to.
      entries.push({...entry, mode: entry.mode | 0o200, kind: 'directory', sizeBytes: 0, target: undefined})
      for (const child of reading(path, () => readdirSync(path, {encoding: 'buffer'})).toSorted(Buffer.compare))
        visit(Buffer.concat([path, SLASH, child]), Buffer.concat([name, SLASH, child]), [...above, identity], false)
    } else leftOut.push(path)
  }
  for (const {path, name} of roots) visit(Buffer.from(path), Buffer.from(name), [], true)
  return {entries, leftOut}
}

const reading = <T>(path: Buffer, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    throw new FileError('read', path.toString(), error)
  }
}
