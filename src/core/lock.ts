import {randomBytes} from 'node:crypto'
import {link, readFile, rm, writeFile} from 'node:fs/promises'
import {dirname} from 'node:path'
import {type Deadline, pause} from './deadline.ts'
import {RuncodeError, systemCode} from './errors.ts'
import {FileError, makePrivateFolder} from './files.ts'
import {isSameProcess, processStart} from './process-identity.ts'

/** Another runcode held a lock for longer than we could wait. */
export class LockedError extends RuncodeError {
  constructor(path: string, holderPid: number | undefined) {
    super(`Another runcode${holderPid === undefined ? '' : ` (process ${holderPid})`} is still at work here.`, {
      code: 'locked',
      hint: `Try again when it has ended. If no such process is yours, remove ${path}.`,
      facts: holderPid === undefined ? {lock: path} : {lock: path, pid: holderPid},
    })
  }
}

interface Holder {
  readonly pid: number
  /** When that process started, in the system's own words: a pid that was given out again is not the holder. */
  readonly started: string | null
}

/**
 * Does `work` while no other process does work under the same path. A lock whose holder is gone is taken over, one
 * whose holder lives is waited for until the deadline, then LockedError.
 */
export async function withLock<T>(path: string, deadline: Deadline, work: () => Promise<T>): Promise<T> {
  const ours = await acquire(path, deadline)
  try {
    return await work()
  } finally {
    await release(path, ours)
  }
}

const acquire = async (path: string, deadline: Deadline): Promise<string> => {
  const ours = JSON.stringify({
    pid: process.pid,
    started: await processStart(process.pid),
    nonce: randomBytes(8).toString('hex'),
  })
  for (;;) {
    if (await claim(path, ours)) return ours
    const text = await textOf(path)
    if (text === undefined) continue
    const holder = parseHolder(text)
    if (holder === undefined || !(await isSameProcess(holder.pid, holder.started)))
      await breakLock(path, text, deadline)
    else if (deadline.isOver() || deadline.signal.aborted) throw new LockedError(path, holder.pid)
    else await pause(25 + Math.random() * 50, deadline.signal)
  }
}

/** The file appears under its name with its content, or not at all: link(2) fails where the name is taken. */
const claim = async (path: string, text: string): Promise<boolean> => {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await writeFile(temporary, text, {mode: 0o600, flag: 'wx'})
    await link(temporary, path)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    if (systemCode(error) !== 'ENOENT') throw new FileError('write', path, error)
    // The folder was empty, and someone who cleared up has just removed it.
    await makePrivateFolder(dirname(path))
    return false
  } finally {
    await rm(temporary, {force: true}).catch(() => undefined)
  }
}

/**
 * Removes a lock whose holder is gone. That is work under a lock itself: of several that found it dead, a slow one must
 * not remove the living lock that the first has put in its place by then.
 */
const breakLock = (path: string, deadText: string, deadline: Deadline): Promise<void> =>
  withLock(`${path}.breaking`, deadline, async () => {
    if ((await textOf(path)) === deadText) await rm(path, {force: true})
  })

const release = async (path: string, ours: string): Promise<void> => {
  if ((await textOf(path)) === ours) await rm(path, {force: true})
}

const textOf = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw new FileError('read', path, error)
  }
}

const parseHolder = (text: string): Holder | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('started' in value)) return undefined
    const {pid, started} = value
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined
    return {pid, started: typeof started === 'string' ? started : null}
  } catch {
    return undefined
  }
}
