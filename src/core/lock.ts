import {randomBytes} from 'node:crypto'
import {link, readdir, rm, stat, writeFile} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import {type Deadline, pause} from './deadline.ts'
import {RuncodeError, systemCode} from './errors.ts'
import {FileError, lstatIfThere, makePrivateFolder, readIfThere} from './files.ts'
import {type LockHolder, parseLockHolder} from './lock-holder.ts'
import {announceWaiting, isAwaited} from './lock-waiters.ts'
import {isSameProcess, pidSpace, processStart} from './process-identity.ts'

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

/** A lock while it is ours. */
export interface Held {
  /** Words that no other hold has. */
  readonly words: string
  /** The words of the holds that we saw while we waited. */
  readonly waitedFor: ReadonlySet<string>
  /** Whether somebody waits for it now. */
  readonly isAwaited: () => Promise<boolean>
}

/** Between two looks at a lock that is held; each is longer than the one before, so that many that wait cost little. */
const [FIRST_LOOK_MS, LAST_LOOK_MS] = [25, 200]
/** Liveness is asked at each look, and this often whether the pid is still that process, which may cost a program. */
const IDENTITY_MS = 1000
/** What is no lock may be one that is just being written, where there are no hard links. */
const GARBAGE_MS = 250
/** No work of ours holds a lock for so long; a holder that can't be looked at is given up after it. */
const FOREIGN_MS = 60_000

/**
 * Does `work` while no other process does work under the same path. A lock whose holder is gone is taken over, one
 * whose holder lives is waited for until the deadline, then LockedError. A holder on another machine or in a container
 * counts as alive for a minute.
 */
export async function withLock<T>(path: string, deadline: Deadline, work: (held: Held) => Promise<T>): Promise<T> {
  const held = await acquire(path, deadline)
  try {
    return await work(held)
  } finally {
    if ((await textOf(path)) === held.words) await rm(path, {force: true})
  }
}

const acquire = async (path: string, deadline: Deadline): Promise<Held> => {
  const [space, started] = await Promise.all([pidSpace(), processStart(process.pid)])
  const words = JSON.stringify({pid: process.pid, started, space, nonce: randomBytes(8).toString('hex')})
  const waitedFor = new Set<string>()
  let watched: Watched | undefined
  let takeBack: (() => Promise<void>) | undefined
  try {
    for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(lookMs * 1.5, LAST_LOOK_MS)) {
      const text = await textOf(path)
      // On NFS a link that was made may be told as one that failed: the words are ours.
      if (text === words || (text === undefined && (await claim(path, words)))) {
        await Promise.all([removeStrays(path), isAwaited(path, space)])
        return {words, waitedFor, isAwaited: () => isAwaited(path, space)}
      }
      if (text !== undefined) {
        takeBack ??= await announceWaiting(path, words)
        waitedFor.add(text)
        if (watched?.text !== text) watched = watch(path, text, space)
        if (await watched.isDead()) {
          await breakLock(path, text, deadline)
          continue
        }
      }
      if (deadline.isOver() || deadline.signal.aborted) throw new LockedError(path, watched?.holder?.pid)
      await pause(lookMs * (0.5 + Math.random()), deadline.signal)
    }
  } finally {
    await takeBack?.()
  }
}

/** The lock of another, for as long as its words stay the same. */
interface Watched {
  readonly text: string
  readonly holder: LockHolder | undefined
  readonly isDead: () => Promise<boolean>
}

const watch = (path: string, text: string, space: string): Watched => {
  const holder = parseLockHolder(text)
  const seenMs = performance.now()
  let askedMs = Number.NEGATIVE_INFINITY
  const isDead = async (): Promise<boolean> => {
    const nowMs = performance.now()
    if (holder === undefined) return nowMs - seenMs >= GARBAGE_MS
    const isDue = nowMs - askedMs >= IDENTITY_MS
    if (isDue) askedMs = nowMs
    if (holder.space !== space) return isDue && (await isOld(path))
    return !(await isSameProcess(holder.pid, isDue ? holder.started : null))
  }
  return {text, holder, isDead}
}

/** By the clock of the file system itself, which may be another machine's. */
const isOld = async (path: string): Promise<boolean> => {
  const temporary = temporaryFor(path)
  try {
    await writeFile(temporary, '', {mode: 0o600, flag: 'wx'})
    return (await stat(temporary)).mtimeMs - (await stat(path)).mtimeMs > FOREIGN_MS
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw new FileError('write', path, error)
  } finally {
    await rm(temporary, {force: true}).catch(() => undefined)
  }
}

const temporaryFor = (path: string): string => `${path}.${randomBytes(6).toString('hex')}.tmp`

/** The file appears under its name with its content, or not at all: link(2) fails where the name is taken. */
const claim = async (path: string, words: string): Promise<boolean> => {
  const temporary = temporaryFor(path)
  try {
    await writeFile(temporary, words, {mode: 0o600, flag: 'wx'})
    await link(temporary, path)
    return true
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (code === 'EEXIST') return false
    if (NO_HARD_LINKS.has(code)) return claimWithoutLink(path, words)
    if (code !== 'ENOENT') throw new FileError('write', path, error)
    // The folder was empty, and someone who cleared up has just removed it.
    await makePrivateFolder(dirname(path))
    return false
  } finally {
    await rm(temporary, {force: true}).catch(() => undefined)
  }
}

/** What link(2) says on file systems without hard links: FAT, many of FUSE. */
const NO_HARD_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/** The file is there for a moment before its words are; who sees that waits a little before it calls it garbage. */
const claimWithoutLink = async (path: string, words: string): Promise<boolean> => {
  try {
    await writeFile(path, words, {mode: 0o600, flag: 'wx'})
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw new FileError('write', path, error)
  }
}

/**
 * Removes a lock whose holder is gone. That is work under a lock itself: of several that found it dead, a slow one must
 * not remove the living lock that the first has put in its place by then.
 */
const breakLock = (path: string, deadText: string, deadline: Deadline): Promise<void> =>
  withLock(`${path}.breaking`, deadline, async () => {
    if ((await textOf(path)) !== deadText) return
    try {
      await rm(path, {force: true})
    } catch (error) {
      throw new FileError('remove', path, error)
    }
  })

/**
 * What the killed left beside a lock that is ours now. Whoever is still about to break the one before finds other words
 * in its place; whoever is about to claim it loses a temporary file and looks again.
 */
const removeStrays = async (path: string): Promise<void> => {
  const base = basename(path)
  for (const name of await readdir(dirname(path)).catch(() => [])) {
    if (name.startsWith(base) && /^(?:\.breaking)*(?:\.breaking|\.[0-9a-f]{12}\.tmp)$/.test(name.slice(base.length)))
      await rm(join(dirname(path), name), {force: true}).catch(() => undefined)
  }
}

/** Anything but a file with words is a lock of nobody, as one is that lost its words with the machine's power. */
const textOf = async (path: string): Promise<string | undefined> => {
  const stats = await lstatIfThere(path)
  if (stats === undefined) return undefined
  return stats.isFile() ? readIfThere(path) : ''
}
