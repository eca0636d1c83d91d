import {spawn} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {setTimeout as pause} from 'node:timers/promises'
import {systemCode} from '../../../core/errors.ts'

/** How long a process may take to end after TERM. */
export const GRACE_MS = 2000
/** A killed process whose new parent does not collect it counts as being there. */
const KILL_LIMIT_MS = 500
const LOOK_EVERY_MS = 25

/**
 * Sends a signal to a process group; one that is gone is fine. Windows has no groups: there every signal ends the
 * process with the children that it still has.
 */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  if (process.platform === 'win32') return signal === 0 ? signalOne(pid, 0) : endTree(pid)
  return signalOne(-pid, signal)
}

/** Sends a signal to a process, or to a group by its negative number; false where there is none. */
export function signalOne(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    // macOS says EPERM for a group of zombies.
    if (systemCode(error) === 'ESRCH' || systemCode(error) === 'EPERM') return false
    throw error
  }
}

/** Ends a process group: TERM (or what is given), a grace, KILL. Resolves when it is gone, or cannot be ended. */
export async function endGroup(pid: number, asking: readonly NodeJS.Signals[] = ['SIGTERM']): Promise<void> {
  for (const signal of asking) signalGroup(pid, signal)
  // A stopped process hears nothing but KILL until it is continued.
  signalGroup(pid, 'SIGCONT')
  if (await isGone(pid, GRACE_MS)) return
  signalGroup(pid, 'SIGKILL')
  await isGone(pid, KILL_LIMIT_MS)
}

/**
 * The process group that has the terminal of a session now (tpgid of proc(5)): the job that an interactive shell runs, or
 * the shell itself. Undefined where there is none, or the system has no proc(5).
 */
export function foregroundGroup(sessionLeader: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${sessionLeader}/stat`, 'utf8')
    const [, , , , , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(group) > 0 ? Number(group) : undefined
  } catch {
    return undefined
  }
}

const isGone = async (pid: number, limitMs: number): Promise<boolean> => {
  for (const end = performance.now() + limitMs; performance.now() < end; await pause(LOOK_EVERY_MS)) {
    if (!signalGroup(pid, 0)) return true
  }
  return false
}

const endTree = (pid: number): boolean => {
  spawn('taskkill', ['/T', '/F', '/PID', String(pid)], {stdio: 'ignore', windowsHide: true}).on(
    'error',
    () => undefined,
  )
  return true
}
