import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  openSync,
  utimesSync,
} from 'node:fs'
import type {Attributes} from './attributes.ts'
import {STATUS} from './protocol.ts'
import {RefusedError} from './refusal.ts'

/** How the attributes of one file are set. */
interface Target {
  resize(sizeBytes: number): void
  chmod(mode: number): void
  touch(accessed: number, modified: number): void
  chown(uid: number, gid: number): void
}

/** Sets what is given, and stops at the first that the system refuses. Times come after the size, whose change changes them. */
export function setAttributes(target: Target, {sizeBytes, mode, times, owner}: Attributes): void {
  if (sizeBytes !== undefined) target.resize(asNumber(sizeBytes))
  if (mode !== undefined) target.chmod(mode)
  if (times !== undefined) target.touch(times.accessed, times.modified)
  if (owner !== undefined) target.chown(owner.uid, owner.gid)
}

/** A size or an offset as Node takes it. Throws RefusedError for those that no file has. */
export const asNumber = (value: bigint): number => {
  if (value > Number.MAX_SAFE_INTEGER) throw new RefusedError(STATUS.badMessage, 'no file is that long')
  return Number(value)
}

/** What a path leads to. */
export const byPath = (path: Buffer): Target => ({
  // Not truncateSync, which wants the right to read as well.
  resize: (sizeBytes) => {
    const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
    try {
      ftruncateSync(fd, sizeBytes)
    } finally {
      closeSync(fd)
    }
  },
  chmod: (mode) => chmodSync(path, mode),
  touch: (accessed, modified) => utimesSync(path, accessed, modified),
  chown: (uid, gid) => chownSync(path, uid, gid),
})

export const byDescriptor = (fd: number): Target => ({
  resize: (sizeBytes) => ftruncateSync(fd, sizeBytes),
  chmod: (mode) => fchmodSync(fd, mode),
  touch: (accessed, modified) => futimesSync(fd, accessed, modified),
  chown: (uid, gid) => fchownSync(fd, uid, gid),
})

/** The file itself, where it is a symbolic link too. Those have no size to set, and on Linux no mode. */
export const byLink = (path: Buffer): Target => ({
  resize: () => {
    throw new RefusedError(STATUS.badMessage, 'a link has no size to set')
  },
  chmod: (mode) => {
    if (lstatSync(path).isSymbolicLink()) throw new RefusedError(STATUS.failure, 'a link has no mode of its own')
    chmodSync(path, mode)
  },
  touch: (accessed, modified) => lutimesSync(path, accessed, modified),
  chown: (uid, gid) => lchownSync(path, uid, gid),
})
