import {createHash} from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writev,
} from 'node:fs'
import {basename, dirname} from 'node:path'
import {promisify} from 'node:util'
import {pause} from '../core/deadline.ts'
import {FileError} from '../core/files.ts'
import type {Destination} from './get-file.ts'
import {chunksOf} from './local-file.ts'
import {abandonedParts, partPath, sweepParts} from './local-parts.ts'
import {partKey} from './part-key.ts'
import {putInPlace, refuseTarget, refuseTooBig, writingTo} from './place-file.ts'
import type {RemoteFile} from './sent-file.ts'
import {BLOCK_BYTES} from './transfer.ts'

/** A file here that is being got: a part beside it, private, until commit() puts it in its place. */
export interface KeptFile extends Destination {
  commit(file: RemoteFile): void
  /** What has come so far stays for another time, or does not. */
  leave(wanted: 'part' | 'nothing'): Promise<void>
}

/** The end of a part is not what the workspace has there. */
export class OtherPartError extends Error {}

const writeBuffers = promisify(writev)
const BATCH_BYTES = 1 << 20

/** Throws ExistsError, NoSuchFileError, FileError. */
export function keepFile(path: string, {mayReplace, isResumed}: {mayReplace: boolean; isResumed: boolean}): KeptFile {
  refuseTarget(path, mayReplace)
  const [folder, key] = [dirname(path), partKey(basename(path))]
  const part = isResumed ? longest(folder, key) : undefined
  const hash = createHash('sha256')
  let temporary = ''
  let descriptor: number | undefined
  let resumed: Buffer | undefined
  let [batch, batchBytes, at]: [Buffer[], number, number] = [[], 0, 0]
  let writing: Promise<unknown> = Promise.resolve()
  const flush = async (): Promise<void> => {
    await writing
    if (descriptor === undefined || batchBytes === 0) return
    writing = writeAll(path, descriptor, batch, at)
    writing.catch(() => undefined)
    at += batchBytes
    ;[batch, batchBytes] = [[], 0]
  }
  return {
    part: {known: part?.known ?? '', from: part?.from ?? 0},
    begin(file) {
      refuseTooBig(path, file.sizeBytes - file.from)
      temporary = partPath(folder, key, file.known.replaceAll(' ', '_'))
      at = file.from
      if (part !== undefined && file.from > 0) {
        renameSync(part.path, temporary)
        descriptor = openSync(temporary, 'r+')
        resumed = Buffer.alloc(Math.min(BLOCK_BYTES, part.sizeBytes - file.from))
        readSync(descriptor, resumed, 0, resumed.length, file.from)
      }
      sweepParts(folder, key, temporary)
      descriptor ??= writingTo(path, () => {
        rmSync(temporary, {force: true})
        return openSync(temporary, 'wx+', 0o600)
      })
    },
    write(bytes) {
      if (resumed !== undefined && resumed.length > 0) {
        const same = Math.min(resumed.length, bytes.length)
        if (!bytes.subarray(0, same).equals(resumed.subarray(0, same))) throw new OtherPartError()
        resumed = resumed.subarray(same)
      }
      if (resumed === undefined) hash.update(bytes)
      batch.push(bytes)
      batchBytes += bytes.length
      return batchBytes < BATCH_BYTES ? undefined : flush()
    },
    // Not tried on Windows, where a file that is open can be opened again in fewer ways.
    direct:
      process.platform === 'win32'
        ? undefined
        : {
            open: () => {
              if (descriptor !== undefined) ftruncateSync(descriptor, at)
              // Appending takes half as long again on ext4, so only what is gone on with is appended to.
              return openSync(temporary, constants.O_WRONLY | (at === 0 ? 0 : constants.O_APPEND))
            },
            look: () => {
              const {size} = statSync(temporary)
              if (resumed !== undefined && resumed.length > 0 && size >= at + resumed.length) {
                const now = Buffer.alloc(resumed.length)
                if (descriptor !== undefined) readSync(descriptor, now, 0, now.length, at)
                if (!now.equals(resumed)) throw new OtherPartError()
              }
              return size
            },
            follow: (isOver) => followed(temporary, isOver),
          },
    async checksum() {
      if (resumed === undefined) return hash.digest('hex')
      await flush()
      await writing
      const whole = createHash('sha256')
      for await (const chunk of chunksOf(temporary, 0, undefined)) whole.update(chunk)
      return whole.digest('hex')
    },
    commit({mode = 0o666, mtimeSeconds}) {
      writingTo(path, () => {
        chmodSync(temporary, mode & ~process.umask())
        if (mtimeSeconds !== undefined) utimesSync(temporary, mtimeSeconds, mtimeSeconds)
        putInPlace(temporary, path, mayReplace)
      })
    },
    async leave(wanted) {
      try {
        await flush()
        await writing
      } finally {
        if (descriptor !== undefined) closeSync(descriptor)
        descriptor = undefined
        if (wanted === 'nothing' && temporary !== '') rmSync(temporary, {force: true})
      }
    },
  }
}

/** SHA-256 of a file that grows. */
const followed = async (path: string, isOver: () => boolean): Promise<string> => {
  const hash = createHash('sha256')
  for (let at = 0; ; ) {
    const wasOver = isOver()
    for await (const chunk of chunksOf(path, at, undefined)) {
      hash.update(chunk)
      at += chunk.length
    }
    if (wasOver) return hash.digest('hex')
    await pause(FOLLOW_MS, NEVER)
  }
}
const FOLLOW_MS = 50
const NEVER = new AbortController().signal

const longest = (folder: string, key: string) =>
  abandonedParts(folder, key)
    .map((part) => ({
      ...part,
      known: part.source.replaceAll('_', ' '),
      from: Math.max(0, Math.floor(part.sizeBytes / BLOCK_BYTES) - 1) * BLOCK_BYTES,
    }))
    .filter(({from}) => from > 0)
    .toSorted((one, other) => other.from - one.from)[0]

const writeAll = async (path: string, descriptor: number, buffers: readonly Buffer[], from: number): Promise<void> => {
  try {
    let all: readonly Buffer[] = buffers
    for (let at = from; all.length > 0; ) {
      const {bytesWritten} = await writeBuffers(descriptor, all, at)
      at += bytesWritten
      const rest = bytesWritten === lengthOf(all) ? undefined : Buffer.concat(all).subarray(bytesWritten)
      all = rest === undefined ? [] : [rest]
    }
  } catch (error) {
    throw new FileError('write', path, error)
  }
}

const lengthOf = (buffers: readonly Buffer[]): number => buffers.reduce((sum, {length}) => sum + length, 0)
