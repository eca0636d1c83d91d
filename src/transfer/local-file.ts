import {createHash} from 'node:crypto'
import {closeSync, fstatSync, openSync, readFileSync, readSync} from 'node:fs'
import {open} from 'node:fs/promises'
import {FileError} from '../core/files.ts'
import {InterruptedError} from '../core/interrupted.ts'
import type {Streams} from '../workspace/streams.ts'
import {type Feed, feedWith} from './feed.ts'
import {BLOCK_BYTES, type Meter} from './transfer.ts'

/** A regular file here that is to be sent. */
export interface LocalFile {
  readonly path: string
  readonly sizeBytes: number
  readonly mtimeMs: number
  /** The permissions alone. */
  readonly mode: number
  /** SHA-256 of the whole. */
  checksum(interrupted: AbortSignal): Promise<string>
  checksumOfBlock(block: number): string
  /** What is left from a byte on. */
  sending(from: number, meter: Meter, streams: Streams): Feed
  /** Whether it is another one by now than when it was opened. */
  hasChanged(): boolean
  close(): void
}

const CHUNK_BYTES = 1 << 20
const LOOK_MS = 200

/** Throws FileError. */
export function openLocalFile(path: string): LocalFile {
  const descriptor = reading(path, () => openSync(path, 'r'))
  const {size: sizeBytes, mtimeMs, mode} = fstatSync(descriptor)
  return {
    ...{path, sizeBytes, mtimeMs, mode: mode & 0o777},
    checksum: (interrupted) => checksumOf(path, sizeBytes, interrupted),
    checksumOfBlock: (block) => {
      const bytes = Buffer.alloc(BLOCK_BYTES)
      readSync(descriptor, bytes, 0, BLOCK_BYTES, block * BLOCK_BYTES)
      return createHash('sha256').update(bytes).digest('hex')
    },
    // Where it can be seen how far ssh has read, it reads the file itself.
    sending: (from, meter, streams) =>
      process.platform === 'linux' && streams === 'bytes'
        ? handOver(path, from, meter)
        : feedWith(streams, () => chunksOf(path, from, meter), 'at once'),
    hasChanged: () => {
      const now = fstatSync(descriptor)
      return now.size !== sizeBytes || now.mtimeMs !== mtimeMs
    },
    close: () => closeSync(descriptor),
  }
}

const reading = <T>(path: string, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    throw new FileError('read', path.toString(), error)
  }
}

const checksumOf = async (path: string, sizeBytes: number, interrupted: AbortSignal): Promise<string> => {
  const hash = createHash('sha256')
  let left = sizeBytes
  for await (const chunk of chunksOf(path, 0, undefined)) {
    if (interrupted.aborted) throw new InterruptedError()
    hash.update(chunk.subarray(0, left))
    left = Math.max(0, left - chunk.length)
  }
  return hash.digest('hex')
}

/** A file from a byte on. A chunk is good until the one after the next. */
export async function* chunksOf(path: string | Buffer, from: number, meter: Meter | undefined): AsyncGenerator<Buffer> {
  const file = await open(path).catch((error: unknown) => {
    throw new FileError('read', path.toString(), error)
  })
  try {
    for (let at = from; ; ) {
      const {bytesRead, buffer} = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, at)
      if (bytesRead === 0) return
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
      meter?.at(at)
    }
  } catch (error) {
    throw error instanceof FileError ? error : new FileError('read', path.toString(), error)
  } finally {
    await file.close()
  }
}

/** Gives ssh the descriptor of the file, so that no byte of it goes through us; how far it is stands in proc(5). */
const handOver = (path: string, from: number, meter: Meter): Feed => {
  let looking: NodeJS.Timeout | undefined
  return {
    input: () => {
      const descriptor = reading(path, () => openSync(path, 'r'))
      forward(descriptor, from)
      const look = (): void => {
        const [, position] = /^pos:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1')) ?? []
        if (position !== undefined) meter.at(Number(position))
      }
      looking = setInterval(look, LOOK_MS)
      return {
        stdio: descriptor,
        feed: () => undefined,
        close: () => {
          clearInterval(looking)
          closeSync(descriptor)
        },
      }
    },
    begin: () => undefined,
    through: (talking) => talking.finally(() => clearInterval(looking)),
  }
}

/** Nothing in Node moves the position of a descriptor but reading. */
const forward = (descriptor: number, from: number): void => {
  const bytes = Buffer.allocUnsafe(Math.min(from, CHUNK_BYTES))
  for (let left = from; left > 0; ) {
    const read = readSync(descriptor, bytes, 0, Math.min(left, bytes.length), null)
    if (read === 0) return
    left -= read
  }
}
