import {type Facts, RuncodeError} from '../core/errors.ts'

/** The server of this machine could not start, or its folder is not what it left there. */
export class ServerFailedError extends RuncodeError {
  constructor(message: string, {hint, facts, cause}: {hint?: string; facts?: Facts; cause?: unknown} = {}) {
    super(message, {code: 'server_failed', hint, facts, cause})
  }
}
