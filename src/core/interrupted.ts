import {RuncodeError} from './errors.ts'

/** Ctrl-C, TERM or HUP came before the work began. */
export class InterruptedError extends RuncodeError {
  constructor() {
    super('Interrupted.', {code: 'interrupted'})
  }
}

/** Throws InterruptedError where the signal has aborted. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new InterruptedError()
}
