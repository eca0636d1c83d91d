import {closeSync} from 'node:fs'
import type {ChildProcess} from '../core/process.ts'
import type {Input} from '../remote-command/input.ts'
import {type Far, talk} from './far.ts'
import {checksumIn} from './part-key.ts'
import {FileChangedError, TransferFailedError} from './refusals.ts'
import {type GetFile, type RemoteFile, refuseGet, sending, type Wanted} from './sent-file.ts'

const LOOK_MS = 100

/** Bytes that do not go through us, after begin(). */
export interface DirectDestination {
  /** A descriptor that writes behind what is there. */
  open(): number
  /** How many bytes are there now. Throws where they do not fit to what was there before. */
  look(): number
  /** SHA-256 of all of it, as it comes, until `isOver`. */
  follow(isOver: () => boolean): Promise<string>
}

/**
 * Gets the bytes of a file whose size is known; ssh writes them. What comes beyond that size ends it as soon as it is seen.
 * Gives the checksums of both sides.
 */
export const receiveDirectly = async (
  far: Far,
  get: GetFile,
  {direct, file, wanted}: {direct: DirectDestination; file: RemoteFile; wanted: Wanted},
): Promise<{readonly theirs: string | undefined; readonly ours: string | undefined}> => {
  const {path, isVerified, meter} = get
  const descriptor = direct.open()
  const state: {isOver: boolean; ssh?: ChildProcess; failure?: {readonly error: unknown}} = {isOver: false}
  const look = (): void => {
    try {
      const sizeBytes = direct.look()
      meter.at(Math.min(sizeBytes, file.sizeBytes))
      if (sizeBytes > file.sizeBytes) throw new FileChangedError(path)
    } catch (error) {
      state.failure ??= {error}
      state.ssh?.kill('SIGTERM')
    }
  }
  const stdin = (): Input => ({
    stdio: 'ignore',
    feed: (child) => {
      state.ssh = child
    },
    close: () => undefined,
  })
  const looking = setInterval(look, LOOK_MS)
  const hashing = isVerified ? direct.follow(() => state.isOver) : undefined
  hashing?.catch(() => undefined)
  let [no, sum, hasEnded]: [string | undefined, string | undefined, boolean] = [undefined, undefined, false]
  const talking = talk(far, {...sending(get, wanted), stdin, descriptor}, ([word, ...rest]) => {
    if (word === 'no') no = rest[0]
    if (word === 'sum') sum = checksumIn(rest)
    if (word === 'end') hasEnded = true
    return undefined
  })
  try {
    const {said} = await talking
    look()
    if (state.failure !== undefined) throw state.failure.error
    if (no === 'changed' || (hasEnded && direct.look() < file.sizeBytes)) throw new FileChangedError(path)
    if (no !== undefined) refuseGet(path, no)
    if (!hasEnded) throw new TransferFailedError('read', path, said)
  } catch (error) {
    throw state.failure === undefined ? error : state.failure.error
  } finally {
    state.isOver = true
    clearInterval(looking)
    closeSync(descriptor)
  }
  return {theirs: sum, ours: await hashing}
}
