import {pathValue, text} from './far.ts'
import {SEND} from './far-scripts.ts'
import {CannotVerifyError, NoSuchFileError} from './refusals.ts'
import type {TransferOptions} from './transfer.ts'

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

/** Which file is wanted. */
export type GetFile = Pick<TransferOptions, 'isVerified' | 'meter'> & {readonly path: string}

/** What of it is wanted. */
export interface Wanted {
  readonly known: string
  readonly from: number
  readonly limit: number
  /** Nothing comes where the file is no longer the known one. */
  readonly isExact: boolean
}

/** The program that sends it. */
export const sending = ({path, isVerified}: GetFile, {known, from, limit, isExact}: Wanted) => ({
  variables: {
    ...{path: pathValue(path), verify: isVerified ? 'yes' : 'no', exact: isExact ? 'yes' : 'no'},
    ...{known: text(known), from: text(from), limit: text(limit)},
  },
  program: SEND,
})

/** `at size mode mtime`; undefined where it is none. */
export const remoteFile = (words: readonly string[]): RemoteFile | undefined => {
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
