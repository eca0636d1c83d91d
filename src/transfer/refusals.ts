import {RuncodeError} from '../core/errors.ts'

/** A file that is to be transferred is not there, or is nothing that can be. */
export class NoSuchFileError extends RuncodeError {
  constructor(message: string, path: string, hint: string) {
    super(message, {code: 'no_such_file', hint, facts: {path}})
  }
}

/** Something has the name, and nothing may be replaced. */
export class ExistsError extends RuncodeError {
  constructor(path: string, where: 'here' | 'on the workspace') {
    super(`${path} exists already ${where}; it was left as it is.`, {
      code: 'exists',
      hint: 'Leave --no-clobber out to replace it, or give another name.',
      facts: {path},
    })
  }
}

/** The same of several files, of which the others were transferred. */
export class SomeExistError extends RuncodeError {
  constructor(path: string) {
    super(
      `Some of the files exist already in ${path} on the workspace; they were left as they are, the others were put.`,
      {
        code: 'exists',
        hint: 'Leave --no-clobber out to replace them.',
        facts: {path},
      },
    )
  }
}

/** What arrived is not what was sent. */
export class ChecksumMismatchError extends RuncodeError {
  constructor(path: string, what: 'kept' | 'written out') {
    const so = what === 'kept' ? 'Nothing was replaced by it.' : 'Its bytes are on stdout already: do not use them.'
    super(`${path} is not the same on both sides: its SHA-256 differs. ${so}`, {
      code: 'checksum_mismatch',
      hint: 'Repeat the command; if it says this again, look whether something writes to the file meanwhile.',
      facts: {path},
    })
  }
}

/** A file grew, shrank or was replaced while it was read. */
export class FileChangedError extends RuncodeError {
  constructor(path: string) {
    super(`${path} changed while it was transferred. Nothing was replaced by it.`, {
      code: 'file_changed',
      hint: 'Repeat the command when nothing writes to it any more; of a growing file, copy a part of it first.',
      facts: {path},
    })
  }
}

/** The workspace cannot tell what arrived there. */
export class CannotVerifyError extends RuncodeError {
  constructor() {
    super('The workspace has none of openssl, sha256sum, shasum and sha256, so nothing could be verified.', {
      code: 'cannot_verify',
      hint: 'Install one of them there, or go without the check: --no-verify',
    })
  }
}

/** The workspace has no tar, which carries several files. */
export class NoTarError extends RuncodeError {
  constructor() {
    super('The workspace has no tar, which carries folders and several files.', {
      code: 'missing_program',
      hint: 'Install it there, or transfer the files one by one.',
      facts: {program: 'tar'},
    })
  }
}

/** The workspace can make no text of bytes, where nothing else comes through. */
export class NoBase64Error extends RuncodeError {
  constructor() {
    super('The workspace has neither base64 nor openssl, and its gateway carries text alone.', {
      code: 'missing_program',
      hint: 'Install one of them there.',
      facts: {program: 'base64'},
    })
  }
}

/** The workspace could not write or read. `said` is what its programs said of it. */
export class TransferFailedError extends RuncodeError {
  constructor(verb: 'read' | 'written', path: string, said: string) {
    const last = said.trim().split('\n').at(-1)
    super(`${path} could not be ${verb} on the workspace${last ? `: ${last}` : '.'}`, {
      code: 'transfer_failed',
      hint: 'Look at what is there, and at the space that is left: runcode exec -- df -h .',
      facts: {path},
    })
  }
}

/** The connection broke on the way; what was there before still is. */
export class TransferLostError extends RuncodeError {
  constructor(reason: string, hint: string, cause?: unknown) {
    super(reason.replace(' while the command may have been running', ' during the transfer'), {
      code: 'connection_lost',
      retryable: true,
      hint,
      cause,
    })
  }
}

/** The workspace sent what no honest one sends, or what cannot be written here without harm. */
export class UnsafeArchiveError extends RuncodeError {
  constructor(why: string) {
    super(`The workspace sent files that are not to be written here: ${why}. Nothing was replaced.`, {
      code: 'unsafe_archive',
      hint: 'Look at them on the workspace, and get those alone that you want.',
    })
  }
}
