import {Flags} from '@oclif/core'
import {parseDuration} from '../core/duration.ts'
import {InvalidDurationError} from './invalid-duration.ts'

/** A flag that takes a length of time (`30s`, `12m`, a bare integer is seconds) and gives seconds. */
export const durationFlag = Flags.custom<number>({
  helpValue: '<duration>',
  parse: async (text) => {
    const seconds = parseDuration(text)
    if (seconds === undefined) throw new InvalidDurationError(text)
    return seconds
  },
})
