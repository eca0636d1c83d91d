import {type Deadline, pause, pauseBeforeTry} from '../core/deadline.ts'
import {systemCode} from '../core/errors.ts'
import {NetworkError} from '../network/network-error.ts'
import type {JsonAnswer} from '../network/request-json.ts'

/** So often is a request repeated at most, and so long is waited at least, whatever the control plane says. */
const MOST_REPEATS = 3
const SHORTEST_WAIT_SECONDS = 1
/** What must be left of the deadline for the answer. */
const ANSWER_SECONDS = 1

/**
 * Asks, and asks again after the time that a busy control plane wants (429 or 503 with Retry-After) where that fits into
 * the deadline; else gives its refusal. `beforeWait` hears of each wait. Only for a request that may be done twice.
 */
export async function askAgain(
  ask: () => Promise<JsonAnswer>,
  deadline: Deadline,
  beforeWait: (seconds: number, status: number) => void,
): Promise<JsonAnswer> {
  for (let repeats = 0; ; repeats += 1) {
    const answer = await ask()
    const {status, retryAfterSeconds} = answer
    if ((status !== 429 && status !== 503) || retryAfterSeconds === undefined || repeats === MOST_REPEATS) return answer
    const seconds = Math.max(SHORTEST_WAIT_SECONDS, retryAfterSeconds)
    if (deadline.remainingMs() < (seconds + ANSWER_SECONDS) * 1000) return answer
    beforeWait(seconds, status)
    await pause(seconds * 1000, deadline.signal)
    if (deadline.signal.aborted) return answer
  }
}

/** A control plane, or what stands before it, that is about to come back; where it says when, askAgain goes by that. */
const PASSING_STATUS: readonly number[] = [502, 503, 504]
const PASSING_CODE = /^(?:ECONNREFUSED|ECONNRESET|EPIPE|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ENETDOWN|ETIMEDOUT)$/

/**
 * Asks, and asks again a few times, after a fraction of a second that doubles, where the way to the control plane fails as
 * it does for a moment. Only for a request that may be done twice.
 */
export async function askThroughTrouble(ask: () => Promise<JsonAnswer>, deadline: Deadline): Promise<JsonAnswer> {
  for (let failures = 1; ; failures += 1) {
    const isLast = failures > MOST_REPEATS
    try {
      const answer = await ask()
      const isPassing = PASSING_STATUS.includes(answer.status) && answer.retryAfterSeconds === undefined
      if (isLast || !isPassing || !hasTime(deadline)) return answer
    } catch (error) {
      const isPassing = error instanceof NetworkError && PASSING_CODE.test(systemCode(error.cause) ?? '')
      if (isLast || !isPassing || !hasTime(deadline)) throw error
    }
    await pauseBeforeTry(failures, deadline.signal)
  }
}

const hasTime = ({signal, remainingMs}: Deadline): boolean =>
  !signal.aborted && remainingMs() > 2 * ANSWER_SECONDS * 1000
