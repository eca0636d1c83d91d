import {RuncodeError} from '../core/errors.ts'

const FIRST_PAUSE_MS = 200
/** A gateway may hear of a new key late. One that refuses so many keys in a row is not asked any more. */
const MAX_AUTH_FAILURES = 5

/** When ssh may be tried again, for as long as somebody waits for it. */
export interface Retries {
  /** Milliseconds until the next try. */
  readonly pauseMs: () => number
  /** Whether another try may end otherwise. */
  note(error: unknown): boolean
  /** ssh connected. */
  reset(): void
  /** What was tried before says nothing now. */
  hurry(): void
}

/** Twice as long after each failure and by chance, and as long as a control plane asks for. */
export function createRetries(longestPauseMs: number): Retries {
  let [failures, authFailures, notBeforeMs] = [0, 0, 0]
  const reset = (): void => {
    failures = 0
    authFailures = 0
    notBeforeMs = 0
  }
  return {
    pauseMs: () => Math.max(0, notBeforeMs - performance.now()),
    note: (error) => {
      failures += 1
      const isRefusedKey = error instanceof RuncodeError && error.code === 'auth_failed'
      authFailures = isRefusedKey ? authFailures + 1 : 0
      const pauseMs = (0.5 + Math.random()) * Math.min(longestPauseMs, FIRST_PAUSE_MS * 2 ** (failures - 1))
      notBeforeMs = performance.now() + Math.max(pauseMs, askedMs(error))
      return mayPass(error) && authFailures < MAX_AUTH_FAILURES
    },
    reset,
    hurry: () => {
      notBeforeMs = 0
    },
  }
}

/** Another try helps against all but an answer; and a service that is out of order gives none. */
const mayPass = (error: unknown): boolean =>
  error instanceof RuncodeError && (error.retryable || Number(error.facts['status']) >= 500)

const askedMs = (error: unknown): number => {
  const seconds = error instanceof RuncodeError ? error.facts['retry_after_seconds'] : undefined
  return typeof seconds === 'number' ? seconds * 1000 : 0
}
