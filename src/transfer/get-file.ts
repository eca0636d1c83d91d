import {takeBytes} from './count-taker.ts'
import {type Far, talk} from './far.ts'
import {type DirectDestination, receiveDirectly} from './get-directly.ts'
import {checksumIn} from './part-key.ts'
import {ChecksumMismatchError, FileChangedError, TransferFailedError} from './refusals.ts'
import {type GetFile, type RemoteFile, refuseGet, remoteFile, sending, type Wanted} from './sent-file.ts'

/** Where the bytes of a file go. */
export interface Destination {
  /** What is here of it already; `known` is what the workspace said of it then. */
  readonly part: {readonly known: string; readonly from: number}
  /** Before the first byte, which is that at `from`. */
  begin(file: RemoteFile): void
  write(bytes: Buffer): Promise<void> | undefined
  /** SHA-256 of all of it. */
  checksum(): Promise<string>
  /** Where ssh itself can write to it. */
  readonly direct: DirectDestination | undefined
}

/** What is larger goes past us where it can, which takes a second call. */
const SMALL_BYTES = 4 << 20

/** Gets the bytes of one file. Throws what refusals.ts has; what was written by then is for the caller to throw away or keep. */
export async function getFile(far: Far, get: GetFile, destination: Destination): Promise<RemoteFile> {
  const {part} = destination
  const direct = far.streams === 'bytes' ? destination.direct : undefined
  const limit = direct === undefined ? Number.MAX_SAFE_INTEGER : SMALL_BYTES
  const first = await receive(far, get, destination, {...part, limit, isExact: false})
  const {file, isNoisy} = first
  if (direct === undefined || file.sizeBytes - file.from <= limit) return checked(get, first, destination.checksum)
  const wanted = {known: file.known, from: file.from, limit: Number.MAX_SAFE_INTEGER, isExact: true}
  // Words of shell files would stand in the file.
  if (isNoisy) return checked(get, await receive(far, get, destination, wanted), destination.checksum)
  destination.begin(file)
  get.meter.total(file.sizeBytes)
  const {theirs, ours} = await receiveDirectly(far, get, {direct, file, wanted})
  return checked(get, {file, sum: theirs}, async () => ours ?? '')
}

interface Received {
  readonly file: RemoteFile
  readonly sum: string | undefined
  readonly isNoisy: boolean
}

const checked = async (
  {path, isVerified}: GetFile,
  {file, sum}: Pick<Received, 'file' | 'sum'>,
  checksum: () => Promise<string>,
): Promise<RemoteFile> => {
  if (isVerified && sum !== (await checksum())) throw new ChecksumMismatchError(path, 'kept')
  return file
}

const receive = async (far: Far, get: GetFile, destination: Destination, wanted: Wanted): Promise<Received> => {
  const {path, meter} = get
  let file: RemoteFile | undefined
  let left = 0
  let [no, sum, hasEnded]: [string | undefined, string | undefined, boolean] = [undefined, undefined, false]
  const {said, isNoisy} = await talk(far, sending(get, wanted), ([word, ...rest]) => {
    if (word === 'no') no = rest[0]
    if (word === 'sum') sum = checksumIn(rest)
    if (word === 'end') hasEnded = true
    if (word !== 'file' || file !== undefined) return undefined
    file = remoteFile(rest)
    if (file === undefined || file.sizeBytes - file.from > wanted.limit) {
      hasEnded = true
      return undefined
    }
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
  return {file, sum, isNoisy}
}
