import {RuncodeError} from '../core/errors.ts'
import {quotePosix} from './quote-posix.ts'

/** What to run: one line for the login shell of the workspace, as ssh would; or words that arrive exactly. */
export type RemoteWords =
  | {readonly kind: 'line'; readonly line: string}
  | {readonly kind: 'argv'; readonly argv: readonly string[]}

/** No command was given. */
export class NoCommandError extends RuncodeError {
  constructor() {
    super('There is no command to run.', {
      code: 'usage',
      hint: 'Put it behind two dashes, as in: runcode exec -- ls -l',
    })
  }
}

/** A word holds what no command line can carry. */
export class UncarriableWordError extends RuncodeError {
  constructor(position: number) {
    super(`Word ${position} of the command cannot be carried: it holds a zero byte or is not UTF-8.`, {
      code: 'usage',
      hint: 'Send such data on stdin.',
      facts: {position},
    })
  }
}

/** One word is a line, several are an argv. Throws NoCommandError, UncarriableWordError. */
export function parseRemoteWords(words: readonly string[]): RemoteWords {
  // Node decodes argv as UTF-8 and puts U+FFFD where it could not: the word that was meant is lost by then.
  const bad = words.findIndex((word) => word.includes('\0') || word.includes('\u{FFFD}'))
  if (bad !== -1) throw new UncarriableWordError(bad + 1)
  const [first] = words
  if (first === undefined) throw new NoCommandError()
  return words.length === 1 ? {kind: 'line', line: first} : {kind: 'argv', argv: words}
}

/** The words as a simple command of POSIX sh. */
export const toPosix = (words: RemoteWords): string =>
  words.kind === 'line' ? `"\${SHELL:-/bin/sh}" -c ${quotePosix(words.line)}` : words.argv.map(quotePosix).join(' ')
