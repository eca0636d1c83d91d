import {execFile} from 'node:child_process'
import {readdir, readFile} from 'node:fs/promises'
import {promisify} from 'node:util'
import {MARK} from './workspace-environment.ts'

/**
 * The processes that were started with this workspace's mark in their environment, wherever they moved since (setsid,
 * nohup, a double fork). Not seen: a process that was started with an emptied environment (`env -i`) or has written
 * over its own (as servers do that change their title); on macOS also the system's own programs, whose environment it
 * hides; on Windows none.
 */
export async function markedProcesses(root: string): Promise<readonly number[]> {
  const pids = process.platform === 'linux' ? await inProc(root) : process.platform === 'win32' ? [] : await inPs(root)
  return pids.filter((pid) => pid !== process.pid)
}

/** proc(5): /proc/PID/environ is what the process was started with; only that of our own user can be read. */
const inProc = async (root: string): Promise<number[]> => {
  const mark = Buffer.from(`\0${MARK}=${root}\0`)
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const pids = await Promise.all(
    names.map(async (name) => {
      const environ = await readFile(`/proc/${name}/environ`).catch(() => undefined)
      return environ !== undefined && Buffer.concat([Buffer.from('\0'), environ]).includes(mark) ? [Number(name)] : []
    }),
  )
  return pids.flat()
}

/** ps(1) of macOS and the BSDs: -E writes the environment after the command. */
const inPs = async (root: string): Promise<number[]> => {
  const {stdout} = await promisify(execFile)('ps', ['-axEww', '-o', 'pid=,command='], {maxBuffer: 64 << 20})
  return stdout
    .split('\n')
    .filter((line) => `${line} `.includes(` ${MARK}=${root} `))
    .map((line) => Number.parseInt(line, 10))
}
