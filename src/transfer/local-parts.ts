import {lstatSync, readdirSync, rmSync} from 'node:fs'
import {join} from 'node:path'

/** What somebody left in a folder of a transfer that did not come to its end. */
export interface LocalPart {
  readonly path: string
  /** What stands in its name of what it is a part of. */
  readonly source: string
  readonly sizeBytes: number
}

export const partPath = (folder: string, key: string, source: string): string =>
  join(folder, `.runcode-${key}-${source}.${process.pid}.part`)

/** The parts of a name that nobody writes any more. */
export const abandonedParts = (folder: string, key: string): readonly LocalPart[] =>
  readdirSync(folder).flatMap((name) => {
    const [, ofKey, source = '', pid] = /^\.runcode-([0-9a-f]{16})-([0-9a-z_-]+)\.(\d{1,10})\.part$/.exec(name) ?? []
    if (ofKey !== key || (Number(pid) !== process.pid && isAlive(Number(pid)))) return []
    const stats = lstatSync(join(folder, name), {throwIfNoEntry: false})
    if (stats === undefined || stats.isSymbolicLink()) return []
    return [{path: join(folder, name), source, sizeBytes: stats.isFile() ? stats.size : 0}]
  })

/** Removes them, but for one. */
export const sweepParts = (folder: string, key: string, kept: string | undefined): void => {
  for (const {path} of abandonedParts(folder, key)) if (path !== kept) rmSync(path, {recursive: true, force: true})
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
