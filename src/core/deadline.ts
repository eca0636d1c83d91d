/** One limit for everything that belongs to a command, however many steps it takes. Counts on the monotonic clock. */
export interface Deadline {
  /** Aborts at the end of the time, or when the user interrupts. */
  readonly signal: AbortSignal
  /** Never negative. */
  readonly remainingMs: () => number
  readonly isOver: () => boolean
}

/** A longer time makes Node's timers fire at once (setTimeout takes 31 bits). */
const LONGEST_MS = 2 ** 31 - 1

/**
 * A deadline that starts now and is at most 24 days away. `interrupted` is the signal of Ctrl-C. The timer holds the
 * controller: what AbortSignal.any() is given it holds weakly, and a timeout of AbortSignal's own is collected there.
 */
export function deadlineIn(wantedMs: number, interrupted: AbortSignal): Deadline {
  const totalMs = Math.min(wantedMs, LONGEST_MS)
  const endMs = monotonicMs() + totalMs
  const remainingMs = (): number => Math.max(0, endMs - monotonicMs())
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  setTimeout(abort, Math.max(1, Math.ceil(totalMs))).unref()
  if (interrupted.aborted) abort()
  else interrupted.addEventListener('abort', abort, {once: true})
  return {signal: controller.signal, remainingMs, isOver: () => remainingMs() === 0}
}

/** Node loads much for its `performance`. */
const monotonicMs = (): number => process.uptime() * 1000

/** Does several things side by side, with a deadline that is over for the rest as soon as one of them has failed. */
export async function together<T>(
  deadline: Deadline,
  works: readonly ((deadline: Deadline) => Promise<T>)[],
): Promise<readonly T[]> {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  if (deadline.signal.aborted) abort()
  deadline.signal.addEventListener('abort', abort)
  try {
    return await Promise.all(works.map((work) => work({...deadline, signal: controller.signal})))
  } finally {
    deadline.signal.removeEventListener('abort', abort)
    abort()
  }
}

/** Waits, or returns early when the signal aborts; the caller looks at the signal. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })

/** Waits before a try that follows `failures` others: twice as long each time, and by chance, so that those who failed together do not come back together. */
export const pauseBeforeTry = (failures: number, signal: AbortSignal): Promise<void> =>
  pause((0.5 + Math.random()) * FIRST_PAUSE_MS * 2 ** (failures - 1), signal)

const FIRST_PAUSE_MS = 200
