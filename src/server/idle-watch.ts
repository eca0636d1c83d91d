/** Tells when nothing happened for long enough. */
export interface IdleWatch {
  /** Something happened. */
  noteActivity(): void
  /** Resolves once, when the time is over; never without a time, or after stop. */
  readonly isIdle: Promise<void>
  stop(): void
}

/** Watches for `idleSeconds` without a note and without `isInUse`; undefined: never idle. Counts on the monotonic clock. */
export function watchIdle(idleSeconds: number | undefined, isInUse: () => boolean): IdleWatch {
  let lastMs = performance.now()
  const noteActivity = (): void => {
    lastMs = performance.now()
  }
  if (idleSeconds === undefined) return {noteActivity, isIdle: new Promise(() => undefined), stop: () => undefined}
  const idleMs = idleSeconds * 1000
  let timer: NodeJS.Timeout | undefined
  const isIdle = new Promise<void>((resolve) => {
    const look = (): void => {
      if (isInUse()) noteActivity()
      if (performance.now() - lastMs >= idleMs) resolve()
    }
    timer = setInterval(look, Math.min(5000, Math.max(50, idleMs / 10))).unref()
  })
  return {noteActivity, isIdle, stop: () => clearInterval(timer)}
}
