const controller = new AbortController()

/**
 * The signal of Ctrl-C, TERM and HUP. The first aborts what goes on, so that it can clean up; a second one ends us at
 * once. A command that runs in a workspace takes the signals for itself meanwhile.
 */
export function interruption(): AbortSignal {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupt)
  return controller.signal
}

const interrupt = (): void => controller.abort()

/** Whether a failure came after Ctrl-C. */
export const wasInterrupted = (): boolean => controller.signal.aborted
