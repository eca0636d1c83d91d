import {createHash} from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fchmodSync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs'
import {systemCode} from '../core/errors.ts'
import {FileError} from '../core/files.ts'
import {FileChangedError, UnsafeArchiveError} from './refusals.ts'
import {splitName, staysInside} from './safe-name.ts'
import type {ArchiveListener, ReadEntry} from './tar-reader.ts'
import type {Meter} from './transfer.ts'

/** What the workspace announced. */
export interface Announced {
  readonly entries: number
  readonly bytes: number
}

/** Archives that are being written into a folder of ours. */
export interface Unpacking extends ArchiveListener {
  /** The next archive is what is in a directory, or one file; it becomes this path, which is not there yet. */
  open(root: string, kind: 'dir' | 'file'): void
  /** Ends the archive. */
  close(): void
  /** Names in the archives (empty where that is one file) with the number of each, in the order in which their bytes came. */
  readonly files: readonly {readonly archive: number; readonly name: Buffer}[]
  readonly bytesDone: number
  /** How many files were written. */
  readonly count: number
  /** How many entries were left out: devices, pipes, and links that lead out of the folder. */
  readonly leftOut: number
  /** SHA-256 of all files, one behind the other. */
  checksum(): string
}

/**
 * Writes what an archive holds below one folder and nowhere else: each directory was made by us, each name is new, and no
 * link is followed. Throws UnsafeArchiveError, FileChangedError where more comes than was announced, FileError.
 */
export function unpackInto(announced: Announced, meter: Pick<Meter, 'at' | 'files'>): Unpacking {
  const hash = createHash('sha256')
  const umask = process.umask()
  const files: {archive: number; name: Buffer}[] = []
  const regular = new Set<string>()
  let directories = new Map<string, ReadEntry>()
  let [root, kind, archive]: [Buffer, 'dir' | 'file', number] = [Buffer.alloc(0), 'dir', -1]
  let [entries, count, bytesDone, announcedBytes, leftOut] = [0, 0, 0, 0, 0]
  let current: {descriptor: number; entry: ReadEntry; path: Buffer; left: number} | undefined
  const pathOf = (parts: readonly Buffer[]): Buffer =>
    Buffer.concat([root, ...parts.flatMap((part) => [Buffer.from('/'), part])])
  const endFile = (): void => {
    if (current === undefined) return
    const {descriptor, entry} = current
    current = undefined
    meter.files(count, undefined)
    try {
      fchmodSync(descriptor, entry.mode & ~umask)
      futimesSync(descriptor, entry.mtimeSeconds, entry.mtimeSeconds)
    } finally {
      closeSync(descriptor)
    }
  }
  const beginFile = (entry: ReadEntry, path: Buffer): void => {
    announcedBytes += entry.sizeBytes
    if (announcedBytes > announced.bytes) throw new FileChangedError('What the workspace announced')
    const descriptor = making(path, () => openSync(path, 'wx', 0o600))
    current = {descriptor, entry, path, left: entry.sizeBytes}
    count += 1
    if (entry.sizeBytes > 0) files.push({archive, name: kind === 'file' ? Buffer.alloc(0) : entry.name})
    if (entry.sizeBytes === 0) endFile()
  }
  const link = (entry: ReadEntry, parts: readonly Buffer[], path: Buffer): void => {
    if (entry.kind === 'link' && staysInside(parts, entry.target)) making(path, () => symlinkSync(entry.target, path))
    else if (entry.kind === 'hard link') {
      const target = splitName(entry.target, process.platform)
      if (!regular.has(keyOf(target))) throw new UnsafeArchiveError('a link leads to no file of it')
      making(path, () => linkSync(pathOf(target), path))
      regular.add(keyOf(parts))
    } else leftOut += 1
  }
  return {
    files,
    get bytesDone() {
      return bytesDone
    },
    get count() {
      return count
    },
    get leftOut() {
      return leftOut
    },
    checksum: () => hash.digest('hex'),
    open: (path, ofKind) => {
      ;[root, kind, archive, directories] = [Buffer.from(path), ofKind, archive + 1, new Map()]
      regular.clear()
      if (kind === 'dir') making(root, () => mkdirSync(root, 0o700))
    },
    entry(entry) {
      endFile()
      entries += 1
      if (entries > announced.entries) throw new FileChangedError('What the workspace announced')
      const parts = splitName(entry.name, process.platform)
      if (kind === 'file') {
        if (entry.kind !== 'file' || parts.length !== 1 || regular.size > 0)
          throw new UnsafeArchiveError('it is not the file that was asked for')
        regular.add(keyOf(parts))
        return beginFile(entry, root)
      }
      if (parts.length > 0 && !directories.has(keyOf(parts.slice(0, -1))))
        throw new UnsafeArchiveError('a file comes without its directory')
      const path = pathOf(parts)
      if (entry.kind === 'directory') {
        if (parts.length > 0) making(path, () => mkdirSync(path, 0o700))
        directories.set(keyOf(parts), entry)
      } else if (parts.length === 0) throw new UnsafeArchiveError('it is not the directory that was asked for')
      else if (entry.kind === 'file') {
        beginFile(entry, path)
        regular.add(keyOf(parts))
      } else link(entry, parts, path)
    },
    bytes(bytes) {
      if (current === undefined) throw new UnsafeArchiveError('it is no archive')
      hash.update(bytes)
      writeAll(current.descriptor, bytes, current.path)
      bytesDone += bytes.length
      current.left -= bytes.length
      meter.at(bytesDone)
      if (current.left === 0) endFile()
    },
    close() {
      endFile()
      // The time of a directory changes with what is made in it, so from the bottom up; its owner must be able to move it.
      for (const {name, mode, mtimeSeconds} of [...directories.values()].toReversed()) {
        const path = pathOf(splitName(name, process.platform))
        making(path, () => {
          chmodSync(path, (mode & ~umask) | 0o200)
          utimesSync(path, mtimeSeconds, mtimeSeconds)
        })
      }
    },
  }
}

const keyOf = (parts: readonly Buffer[]): string => parts.map((part) => part.toString('latin1')).join('/')

const making = <T>(path: Buffer, make: () => T): T => {
  try {
    return make()
  } catch (error) {
    // All that is there is from the same archive.
    if (systemCode(error) === 'EEXIST') throw new UnsafeArchiveError('two of its names are one and the same here')
    throw new FileError('write', path.toString(), error)
  }
}

const writeAll = (descriptor: number, bytes: Buffer, path: Buffer): void => {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
  } catch (error) {
    throw new FileError('write', path.toString(), error)
  }
}
