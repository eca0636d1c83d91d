import {Flags} from '@oclif/core'
import {parseDuration} from '../core/duration.ts'
import {RuncodeError} from '../core/errors.ts'

/** A flag holds no length of time. */
export class InvalidDurationError extends RuncodeError {
  constructor(text: string) {
    super(`"${text}" is not a length of time.`, {
      code: 'usage',
      hint: 'Write it as 90s, 30m, 1h30m or, in seconds, 90.',
    })
  }
}

/** A flag that takes a length of time (`30s`, `12m`, a bare integer is seconds) and gives seconds. */
export const durationFlag = Flags.custom<number>({
  helpValue: '<duration>',
  parse: async (text) => {
    const seconds = parseDuration(text)
    if (seconds === undefined) throw new InvalidDurationError(text)
    return seconds
  },
})
