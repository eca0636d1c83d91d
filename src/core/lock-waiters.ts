import {randomBytes} from 'node:crypto'
import {readdir, rm, writeFile} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import {readIfThere} from './files.ts'
import {parseLockHolder} from './lock-holder.ts'
import {isSameProcess} from './process-identity.ts'

/**
 * Says beside a lock, in the words of who would hold it, that somebody waits for it; gives what takes that back. Where it
 * can't be said, one who waits is not counted, and no more.
 */
export async function announceWaiting(path: string, words: string): Promise<() => Promise<void>> {
  const file = `${path}.${randomBytes(6).toString('hex')}.waits`
  await writeFile(file, words, {mode: 0o600, flag: 'wx'}).catch(() => undefined)
  return () => rm(file, {force: true}).catch(() => undefined)
}

/** Whether a living process of this machine waits for a lock; only for its holder. What the dead have said is removed. */
export async function isAwaited(path: string, space: string): Promise<boolean> {
  const [folder, base] = [dirname(path), basename(path)]
  const names = await readdir(folder).catch(() => [])
  const announced = names.filter(
    (name) => name.startsWith(`${base}.`) && /^\.[0-9a-f]{12}\.waits$/.test(name.slice(base.length)),
  )
  const waiting = await Promise.all(
    announced.map(async (name) => {
      const holder = parseLockHolder((await readIfThere(join(folder, name)).catch(() => undefined)) ?? '')
      if (holder?.space === space && (await isSameProcess(holder.pid, holder.started))) return true
      await rm(join(folder, name), {force: true}).catch(() => undefined)
      return false
    }),
  )
  return waiting.includes(true)
}
