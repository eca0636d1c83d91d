import {RuncodeError} from '../core/errors.ts'

/** Flags that contradict each other. */
export class ContradictingFlagsError extends RuncodeError {
  constructor(one: string, other: string, hint: string) {
    super(`${one} and ${other} contradict each other.`, {code: 'usage', hint})
  }
}

/** A value of --env is no variable. The value is not repeated: it may be a secret. */
export class InvalidVariableError extends RuncodeError {
  constructor(position: number) {
    super(`Value ${position} of --env is no variable.`, {
      code: 'usage',
      hint: 'Write it as NAME=value; a name is letters, digits and _, and begins with no digit.',
      facts: {position},
    })
  }
}

/** A value is not the one that was meant. */
export class UncarriableFlagError extends RuncodeError {
  constructor(flag: string) {
    super(`The value of --${flag} cannot be carried: it is not UTF-8.`, {
      code: 'usage',
      hint: 'Give a value that is text.',
    })
  }
}

/** A time limit that no timer holds: Node's count to 2^31 milliseconds. */
export class TooLongTimeoutError extends RuncodeError {
  constructor(text: string) {
    super(`--timeout ${text} is too long.`, {code: 'usage', hint: 'Give at most 24d, or leave it out.'})
  }
}

/** A flag is for a command, and there is none. */
export class NotForShellError extends RuncodeError {
  constructor(flag: string) {
    super(`A shell takes no --${flag}.`, {
      code: 'usage',
      hint: 'Put a command behind two dashes, as in: runcode ssh <workspace> -- ls -l',
    })
  }
}

/** A path is not the one that was meant. */
export class UncarriablePathError extends RuncodeError {
  constructor(path: string) {
    super(`The path ${path} cannot be carried: it is not UTF-8.`, {
      code: 'usage',
      hint: 'Name the directory that it is in, with -r: names in directories may be any bytes.',
    })
  }
}
