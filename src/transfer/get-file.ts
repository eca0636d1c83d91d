import {takeBytes} from './count-taker.ts'
import {type Far, pathValue, talk, text} from './far.ts'
import {SEND} from './far-scripts.ts'
import {checksumIn} from './part-key.ts'
import {
  CannotVerifyError,
  ChecksumMismatchError,
  FileChangedError,
  NoSuchFileError,
  TransferFailedError,
} from './refusals.ts'
import type {TransferOptions} from './transfer.ts'

/** Where the bytes of a file go. */
export interface Destination {
  /** What is here of it already; `known` is what the workspace said of it then. */
  readonly part: {readonly known: string; readonly from: number}
  /** Before the first byte, which is that at `from`. */
  begin(file: RemoteFile): void
  write(bytes: Buffer): Promise<void> | undefined
  /** SHA-256 of all of it. */
  checksum(): Promise<string>
}

/** A file on the workspace, as it was when it was opened. */
export interface RemoteFile {
  readonly from: number
  readonly sizeBytes: number
  /** Undefined where nobody there can tell. */
  readonly mode: number | undefined
  readonly mtimeSeconds: number | undefined
  /** All of it in the words of the workspace. */
  readonly known: string
}

/** Gets the bytes of one file. Throws what refusals.ts has; what was written by then is for the caller to throw away or keep. */
export async function getFile(
  far: Far,
  {path, isVerified, meter}: Pick<TransferOptions, 'isVerified' | 'meter'> & {readonly path: string},
  destination: Destination,
): Promise<RemoteFile> {
  const variables = {
    ...{path: pathValue(path), only: 'no', verify: isVerified ? 'yes' : 'no'},
    ...{known: text(destination.part.known), from: text(destination.part.from)},
  }
  let file: RemoteFile | undefined
  let left = 0
  let [no, sum, hasEnded]: [string | undefined, string | undefined, boolean] = [undefined, undefined, false]
  const {said} = await talk(far, {variables, program: SEND}, ([word, ...rest]) => {
    if (word === 'no') no = rest[0]
    if (word === 'sum') sum = checksumIn(rest)
    if (word === 'end') hasEnded = true
    file ??= word === 'file' ? remoteFile(rest) : undefined
    if (word !== 'file' || file === undefined) return undefined
    const {sizeBytes, from} = file
    left = sizeBytes - from
    meter.total(sizeBytes)
    destination.begin(file)
    return takeBytes(left, async (bytes) => {
      await destination.write(bytes)
      left -= bytes.length
      meter.at(sizeBytes - left)
    })
  })
  if (no !== undefined) refuseGet(path, no)
  if (file === undefined) throw new TransferFailedError('read', path, said)
  if (left > 0 || !hasEnded)
    throw said === '' ? new FileChangedError(path) : new TransferFailedError('read', path, said)
  if (isVerified && sum !== (await destination.checksum())) throw new ChecksumMismatchError(path, 'kept')
  return file
}

/** `at size mode mtime`; undefined where it is none. */
const remoteFile = (words: readonly string[]): RemoteFile | undefined => {
  const [, at, known, size, mode, mtime] =
    /^(\d{1,15}) ((\d{1,15}) (-|[0-7]{1,6}) (-|-?\d{1,12}))$/.exec(words.join(' ')) ?? []
  if (known === undefined || Number(at) > Number(size)) return undefined
  return {
    ...{known, from: Number(at), sizeBytes: Number(size)},
    mode: mode === '-' ? undefined : Number.parseInt(mode ?? '', 8) & 0o777,
    mtimeSeconds: mtime === '-' ? undefined : Number(mtime),
  }
}

/** Throws what the workspace meant with its `no`. */
export function refuseGet(path: string, no: string): never {
  if (no === 'hasher') throw new CannotVerifyError()
  const [what, hint] = WHY[no] ?? ['cannot be read', LOOK]
  throw new NoSuchFileError(`${path} on the workspace ${what}.`, path, hint)
}

const LOOK = 'Look at what is there: runcode exec -- ls -l'
const WHY: Readonly<Record<string, readonly [string, string]>> = {
  missing: ['is not there', LOOK],
  directory: ['is a directory', 'Get it with all that is in it: -r'],
  special: ['is no regular file', 'Read it with a command: runcode exec -- cat'],
  unreadable: ['may not be read', LOOK],
}
