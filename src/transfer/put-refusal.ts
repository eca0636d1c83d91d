import {
  CannotVerifyError,
  ChecksumMismatchError,
  ExistsError,
  FileChangedError,
  NoSuchFileError,
  NoTarError,
  SomeExistError,
  TransferFailedError,
  TransferLostError,
} from './refusals.ts'

/** Throws what the workspace meant with its `no`, or with its silence. */
export function refusePut(target: string, no: string | undefined, said: string): never {
  if (no === 'hasher') throw new CannotVerifyError()
  if (no === 'tar') throw new NoTarError()
  if (no === 'exists') throw new ExistsError(target, 'on the workspace')
  if (no === 'some') throw new SomeExistError(target)
  if (no === 'sum') throw new ChecksumMismatchError(target, 'kept')
  if (no === 'long') throw new FileChangedError(target)
  if (no === 'short') throw new TransferLostError('A part of it did not arrive during the transfer.', AGAIN)
  if (no === 'gone') throw new TransferLostError('Another transfer to the same place took over the part.', AGAIN)
  if (no === 'directory' || no === 'special') {
    const what = no === 'directory' ? 'a directory has that name' : 'what has that name is no regular file'
    throw new NoSuchFileError(`${target} cannot be replaced on the workspace: ${what}.`, target, 'Give another name.')
  }
  throw new TransferFailedError('written', target, said)
}

const AGAIN = 'Repeat the command; with --resume it goes on where it stopped.'
