import {execFile} from 'node:child_process'
import {readdir, readFile} from 'node:fs/promises'
import {promisify} from 'node:util'
import {signalOne} from './process-group.ts'
import {MARK} from './workspace-environment.ts'

/** A process of a workspace. */
export interface MarkedProcess {
  readonly pid: number
  /** Of this process alone, where the system tells when it started; its pid is given out again. */
  readonly identity: string
}

/**
 * The processes that were started with this workspace's mark in their environment, wherever they moved since (setsid,
 * nohup, a double fork). On Linux also what descends from them or is in a session of theirs, and what was `known`
 * before, as its parent may be gone. Not seen: a process with an emptied environment (`env -i`), or which has written
 * over its own (as servers do that change their title), whose parent had ended by then, in a session of its own; on
 * macOS every such process, and the system's own programs, whose environment it hides; on Windows none.
 */
export async function markedProcesses(root: string, known: ReadonlySet<string>): Promise<readonly MarkedProcess[]> {
  if (process.platform === 'win32') return []
  if (process.platform === 'linux') return withFamily(await inProc(root), known)
  return (await inPs(root)).filter((pid) => pid !== process.pid).map((pid) => ({pid, identity: String(pid)}))
}

interface ProcEntry extends MarkedProcess {
  readonly parent: number
  readonly session: number
  readonly isMarked: boolean
}

/** Those of other users cannot be ended, and end by themselves when sudo's own process does. */
const withFamily = (entries: readonly ProcEntry[], known: ReadonlySet<string>): readonly ProcEntry[] => {
  const family = new Set(entries.filter(({isMarked, identity}) => isMarked || known.has(identity)))
  for (let size = -1; size !== family.size; ) {
    size = family.size
    const pids = new Set([...family].map(({pid}) => pid))
    const sessions = new Set([...family].map(({session}) => session))
    for (const entry of entries) if (pids.has(entry.parent) || sessions.has(entry.session)) family.add(entry)
  }
  return [...family].filter(({pid}) => signalOne(pid, 0))
}

/**
 * proc(5): /proc/PID/environ is what the process was started with; only that of our own user can be read. Without
 * ourselves, without what has ended (a zombie), and without the kernel's own (session 0).
 */
const inProc = async (root: string): Promise<readonly ProcEntry[]> => {
  const mark = Buffer.from(`\0${MARK}=${root}\0`)
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  const entries = await Promise.all(
    names.map(async (name) => {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
      const [state, parent, , session, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (parent === undefined || state === 'Z' || session === '0') return []
      const environ = await readFile(`/proc/${name}/environ`).catch(() => Buffer.alloc(0))
      const isMarked = Buffer.concat([Buffer.from('\0'), environ]).includes(mark)
      const identity = `${name}@${rest[STARTED]}`
      return [{pid: Number(name), identity, parent: Number(parent), session: Number(session), isMarked}]
    }),
  )
  return entries.flat()
}

/** Where the start time (field 22) is after the session (field 6). */
const STARTED = 22 - 6 - 1

/** ps(1) of macOS and the BSDs: -E writes the environment after the command. */
const inPs = async (root: string): Promise<number[]> => {
  const {stdout} = await promisify(execFile)('ps', ['-axEww', '-o', 'pid=,command='], {maxBuffer: 64 << 20})
  return stdout
    .split('\n')
    .filter((line) => `${line} `.includes(` ${MARK}=${root} `))
    .map((line) => Number.parseInt(line, 10))
}
