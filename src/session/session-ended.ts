import {RuncodeError, systemCode} from '../core/errors.ts'
import {lstatIfThere} from '../core/files.ts'
import {AuthFailedError, ConnectionFailedError, HostKeyChangedError} from '../openssh/explain.ts'
import {OpensshFailedError} from '../openssh/openssh-failed.ts'
import type {Session} from './session.ts'

/** Another runcode ended the session while this one was about to use it. */
export class SessionEndedError extends RuncodeError {
  constructor({title}: Session, cause: unknown) {
    super(`The session of ${title} was ended by another runcode (disconnect or stop) before it was used.`, {
      code: 'session_ended',
      hint: 'Nothing was run. If the place is still attached, the same command takes a new pass.',
      cause,
    })
  }
}

/**
 * Connects with a session. Where that fails and the session's files are gone by then, ssh had no key or no pin to go by
 * and blames the gateway for it: throws SessionEndedError instead. What may have begun is told as it is.
 */
export async function unlessEnded<T>(session: Session, connecting: () => Promise<T>): Promise<T> {
  try {
    return await connecting()
  } catch (error) {
    if (mayBeOurFiles(error) && (await lstatIfThere(session.configFile)) === undefined)
      throw new SessionEndedError(session, error)
    throw error
  }
}

const mayBeOurFiles = (error: unknown): boolean =>
  error instanceof HostKeyChangedError ||
  error instanceof AuthFailedError ||
  error instanceof ConnectionFailedError ||
  (error instanceof OpensshFailedError && !error.mayHaveRun) ||
  systemCode(error) === 'ENOENT'
