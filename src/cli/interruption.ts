const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const controller = new AbortController()

/**
 * The signal of Ctrl-C, TERM and HUP. The first aborts what goes on, so that it can clean up; a second one ends us at
 * once. A command that runs in a workspace takes the signals for itself meanwhile.
 */
export function interruption(): AbortSignal {
  for (const signal of SIGNALS) process.on(signal, interrupt)
  return controller.signal
}

/** The listener stays: a package that restores the cursor re-raises a signal that nobody else seems to listen to. */
const interrupt = (signal: NodeJS.Signals): void => {
  if (controller.signal.aborted) {
    for (const one of SIGNALS) process.removeAllListeners(one)
    process.kill(process.pid, signal)
  }
  controller.abort()
}

/** Whether a failure came after Ctrl-C. */
export const wasInterrupted = (): boolean => controller.signal.aborted
