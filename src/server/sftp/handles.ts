import type {Dir} from 'node:fs'
import {STATUS, type Status} from './protocol.ts'
import {RefusedError} from './refusal.ts'

/** Of one session; each is a descriptor. OpenSSH's server stops at its ulimit. */
export const MAX_HANDLES = 512

export interface OpenFile {
  readonly fd: number
  readonly isAppending: boolean
}

export interface OpenFolder {
  readonly path: Buffer
  readonly entries: Dir
  /** Not yet told; they are not among the entries that Node gives. */
  readonly dots: string[]
}

/** What a client has open. A handle is never given out twice, so that one that was closed reaches no other file. */
export interface Handles {
  /** Throws RefusedError where nothing more may be opened. To be asked before an open that makes a file. */
  requireRoom(): void
  addFile(file: OpenFile): Buffer
  addFolder(folder: OpenFolder): Buffer
  /** These throw RefusedError where the handle is not of such a thing. */
  file(handle: Buffer): OpenFile
  folder(handle: Buffer): OpenFolder
  /** Forgets a handle and gives what it was. */
  take(handle: Buffer): OpenFile | OpenFolder
}

export function createHandles(): Handles {
  const open = new Map<string, OpenFile | OpenFolder>()
  let count = 0
  const add = (opened: OpenFile | OpenFolder): Buffer => {
    const name = String(count)
    count += 1
    open.set(name, opened)
    return Buffer.from(name)
  }
  const find = (handle: Buffer, status: Status = STATUS.failure): OpenFile | OpenFolder => {
    const found = open.get(handle.toString('latin1'))
    if (found === undefined) throw new RefusedError(status, 'no such handle')
    return found
  }
  return {
    requireRoom: () => {
      if (open.size >= MAX_HANDLES) throw new RefusedError(STATUS.failure, 'too many open files')
    },
    addFile: add,
    addFolder: add,
    file: (handle) => {
      const found = find(handle)
      if ('entries' in found) throw new RefusedError(STATUS.failure, 'the handle is of a directory')
      return found
    },
    folder: (handle) => {
      const found = find(handle)
      if ('fd' in found) throw new RefusedError(STATUS.failure, 'the handle is of a file')
      return found
    },
    take: (handle) => {
      const found = find(handle, STATUS.noSuchFile)
      open.delete(handle.toString('latin1'))
      return found
    },
  }
}
