import {setTimeout as pause} from 'node:timers/promises'
import {RuncodeError} from '../../../core/errors.ts'
import {type MarkedProcess, markedProcesses} from './marked-processes.ts'
import {GRACE_MS, signalOne} from './process-group.ts'

const LOOK_EVERY_MS = 50
/** From the first TERM to giving up. */
const LIMIT_MS = 3 * GRACE_MS

/** Processes of a workspace that even KILL did not end: they hang in the kernel, or belong to another user. */
export class StillRunningError extends RuncodeError {
  constructor(pids: readonly number[]) {
    super(`Processes of the workspace could not be ended: ${pids.join(', ')}.`, {
      code: 'stop_failed',
      hint: `Look at them: ps -fp ${pids.join(',')}`,
      facts: {pids},
    })
  }
}

/**
 * Ends every process of a workspace (see markedProcesses), and those that they start meanwhile: TERM, a grace, KILL.
 * `seen` is what was there before anything was ended. Throws StillRunningError.
 */
export async function endMarkedProcesses(root: string, seen: readonly MarkedProcess[] = []): Promise<void> {
  const start = performance.now()
  const known = new Set(seen.map(({identity}) => identity))
  const asked = new Set<string>()
  for (;;) {
    const processes = await markedProcesses(root, known)
    if (processes.length === 0) return
    const elapsedMs = performance.now() - start
    if (elapsedMs > LIMIT_MS) throw new StillRunningError(processes.map(({pid}) => pid))
    for (const {pid, identity} of processes) {
      if (elapsedMs > GRACE_MS) signalOne(pid, 'SIGKILL')
      else if (!asked.has(identity)) askToEnd(pid)
      asked.add(identity)
      known.add(identity)
    }
    await pause(LOOK_EVERY_MS)
  }
}

const askToEnd = (pid: number): void => {
  signalOne(pid, 'SIGTERM')
  signalOne(pid, 'SIGCONT')
}
