import {execFile} from 'node:child_process'
import {readFile, readlink} from 'node:fs/promises'
import {hostname} from 'node:os'
import {promisify} from 'node:util'
import {systemCode} from './errors.ts'

/**
 * When a process started, in words that only compare for equality: a pid is given out again, a pid with its start is
 * not. Linux: field 22 of /proc/PID/stat (proc(5)), with the boot's id. Elsewhere: ps. Null where it can't be told; a
 * process that has ended and only waits for its parent to ask (a zombie, for ever where nobody does) has other words.
 */
export async function processStart(pid: number): Promise<string | null> {
  try {
    if (process.platform === 'linux') {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
      const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
      const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return `${afterName[0] === 'Z' ? 'ended' : afterName[19]}@${boot.trim()}`
    }
    if (process.platform === 'win32') return null
    const {stdout} = await promisify(execFile)('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], PS_OPTIONS)
    return stdout.trim() || null
  } catch {
    return null
  }
}

/** ps tells the time as the one who asks has set it; all that ask about a process must get the same words. */
const PS_OPTIONS = {timeout: 2000, env: {LC_ALL: 'C', TZ: 'UTC'}}

/**
 * Within what a pid means one process: a machine and, on Linux, a pid namespace (pid_namespaces(7)). A home can be shared
 * with other machines and with containers, whose processes can't be looked at from here.
 */
export async function pidSpace(): Promise<string> {
  const namespace = process.platform === 'linux' ? await readlink('/proc/self/ns/pid').catch(() => '') : ''
  return `${hostname()} ${namespace}`.trim()
}

/** Whether this pid is alive and, where both starts are known, is the process that was meant. */
export async function isSameProcess(pid: number, started: string | null): Promise<boolean> {
  if (!isAlive(pid)) return false
  if (started === null) return true
  const now = await processStart(pid)
  // Null also where it went while it was looked at.
  return now === null ? isAlive(pid) : now === started
}

/**
 * Gives what tells whether the process that started us is gone since now. Its children get another parent then; on Windows
 * they keep the number. One that had gone before is not told of.
 */
export function watchParent(): () => boolean {
  const parent = process.ppid
  return () => (process.platform === 'win32' ? !isAlive(parent) : process.ppid !== parent)
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}
