import {RuncodeError} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import type {Ending} from '../core/process.ts'

/** A program of OpenSSH did not do its work, for a reason that has no code of its own. */
export class OpensshFailedError extends RuncodeError {
  /** A command was asked for, and nobody knows what became of it. */
  readonly mayHaveRun: boolean = false

  constructor(program: string, ending: Ending | 'timed out', stderr: string) {
    const last = lastLine(stderr)
    super(`${program} ${sayEnding(ending)}${last === undefined ? '' : `: ${last}`}`, {
      code: 'ssh_failed',
      hint: 'Look at "runcode doctor".',
      facts: {program},
    })
    this.quote(stderr)
  }
}

const sayEnding = (ending: Ending | 'timed out'): string => {
  if (ending === 'timed out') return 'did not end in time'
  switch (ending.kind) {
    case 'exited':
      return `ended with status ${ending.code}`
    case 'signalled':
      return `was ended by ${ending.signal}`
    case 'unstartable':
      return `could not be started (${ending.cause.message})`
  }
}

/** The last line with words in it, made printable and cut at 300 characters; ssh says the reason last. */
export const lastLine = (text: string): string | undefined => {
  const lines = text.split(/\r?\n/).map((line) => printable(line.trim()))
  return lines.findLast((line) => line !== '')?.slice(0, 300)
}
