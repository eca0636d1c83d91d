import {writeSync} from 'node:fs'

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
    restoreTerminal()
    for (const one of SIGNALS) process.removeAllListeners(one)
    process.kill(process.pid, signal)
  }
  controller.abort()
}

/**
 * Nobody cleans up behind a second signal: a hidden cursor and a silent keyboard would stay. Written past the stream,
 * which whoever draws on it may hold.
 */
const restoreTerminal = (): void => {
  const {stdin, stderr, env} = process
  try {
    if (stdin.isTTY && stdin.isRaw) stdin.setRawMode(false)
    if (stderr.isTTY && env['TERM'] !== 'dumb') writeSync(stderr.fd, '\u001b[?25h')
  } catch {
    // After HUP the terminal may be gone.
  }
}

/** Whether a failure came after Ctrl-C. */
export const wasInterrupted = (): boolean => controller.signal.aborted
