import {RuncodeError} from '../core/errors.ts'

/**
 * What to run: one line for the login shell of the workspace, as ssh would; words that arrive exactly; a program that is
 * sent along, with its words; or the login shell itself, for a person at a terminal.
 */
export type RemoteWords =
  | {readonly kind: 'line'; readonly line: string}
  | {readonly kind: 'argv'; readonly argv: readonly string[]}
  | {readonly kind: 'script'; readonly program: Buffer; readonly argv: readonly string[]}
  | {readonly kind: 'shell'}

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

/** How words are meant: `guess` takes one for a line and several for an argv; `shell` joins them with blanks, as ssh does. */
export type WordsKind = 'guess' | 'argv' | 'shell'

/** Throws NoCommandError, UncarriableWordError. */
export function parseRemoteWords(words: readonly string[], kind: WordsKind): RemoteWords {
  refuseUncarriable(words)
  if (words.length === 0) throw new NoCommandError()
  const isLine = kind === 'shell' || (kind === 'guess' && words.length === 1)
  return isLine ? {kind: 'line', line: words.join(' ')} : {kind: 'argv', argv: words}
}

/** A program that is sent along. Throws UncarriableWordError. */
export function parseScript(program: Buffer, words: readonly string[]): RemoteWords {
  refuseUncarriable(words)
  return {kind: 'script', program, argv: words}
}

/** Node decodes argv as UTF-8 and puts U+FFFD where it could not: the word that was meant is lost by then. */
export const isCarriable = (word: string): boolean => word.isWellFormed() && !/[\0\ufffd]/.test(word)

const refuseUncarriable = (words: readonly string[]): void => {
  const bad = words.findIndex((word) => !isCarriable(word))
  if (bad !== -1) throw new UncarriableWordError(bad + 1)
}
