import {RuncodeError} from '../core/errors.ts'

/** A flag holds no length of time. oclif names the flag by itself. */
export class InvalidDurationError extends RuncodeError {
  constructor(text: string, flag?: string) {
    super(`${flag === undefined ? '' : `${flag}: `}"${text}" is not a length of time.`, {
      code: 'usage',
      hint: 'Write it as 90s, 30m, 1h30m or, in seconds, 90.',
    })
  }
}
