/** Tells when nothing happened for long enough. */
export interface IdleWatch {
  /** Something happened. */
  noteActivity(): void
  /**
   * Begins to count. Resolves once, when nothing was noted for the time and `isInUse` said no; never without a time, or
   * after stop.
   */
  begin(isInUse: () => boolean): Promise<void>
  stop(): void
}

/** Watches for `idleSeconds`, on the monotonic clock; undefined: never idle. */
export function watchIdle(idleSeconds: number | undefined): IdleWatch {
  let lastMs = performance.now()
  let timer: NodeJS.Timeout | undefined
  const noteActivity = (): void => {
    lastMs = performance.now()
  }
  return {
    noteActivity,
    begin: (isInUse) =>
      new Promise((resolve) => {
        if (idleSeconds === undefined) return
        const idleMs = idleSeconds * 1000
        const look = (): void => {
          if (isInUse()) noteActivity()
          if (performance.now() - lastMs >= idleMs) resolve()
        }
        noteActivity()
        timer = setInterval(look, Math.min(5000, Math.max(50, idleMs / 10))).unref()
      }),
    stop: () => clearInterval(timer),
  }
}
