import {type Deadline, pause} from '../core/deadline.ts'
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
