import {readdir, readFile, readlink} from 'node:fs/promises'

/** Who listens on a port. */
export interface PortOwner {
  readonly pid: number
  /** What the process calls itself; any text. */
  readonly name: string
}

/**
 * The process that listens on a local port, where the system tells: on Linux, of processes that we may look at (proc(5)).
 * Undefined elsewhere.
 */
export async function findPortOwner(port: number): Promise<PortOwner | undefined> {
  if (process.platform !== 'linux') return undefined
  const inodes = new Set((await Promise.all(['tcp', 'tcp6'].map((name) => listenersIn(name, port)))).flat())
  if (inodes.size === 0) return undefined
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const fds = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const fd of fds) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')
      if (inodes.has(target)) return {pid: Number(pid), name: (await textOf(`/proc/${pid}/comm`)).trim()}
    }
  }
  return undefined
}

/** What the descriptors of listening sockets on a port are called: `socket:[inode]`. */
const listenersIn = async (table: string, port: number): Promise<readonly string[]> => {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return (await textOf(`/proc/net/${table}`))
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => local.endsWith(ending) && state === LISTEN)
    .map((fields) => `socket:[${fields[9]}]`)
}

const LISTEN = '0A'

const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')
