import {Flags} from '@oclif/core'
import {RuncodeError} from '../core/errors.ts'

/** A flag holds no port that a program of a user may have. */
export class InvalidPortError extends RuncodeError {
  constructor(text: string) {
    super(`"${text}" is not a port.`, {code: 'usage', hint: 'Give a whole number from 1024 to 65535.'})
  }
}

/** A flag that takes a TCP port which needs no privilege. */
export const portFlag = Flags.custom<number>({
  helpValue: '<port>',
  parse: async (text) => {
    const port = /^\d{4,5}$/.test(text) ? Number(text) : 0
    if (port < 1024 || port > 65_535) throw new InvalidPortError(text)
    return port
  },
})
