import {statfs} from 'node:fs/promises'
import {dirname} from 'node:path'
import type {Check} from './check.ts'

/** A pass takes some KiB; what is less than this is used up by something else at any moment. */
const ENOUGH_MIB = 20

/** There is room for passes, locks and logs. */
export const diskCheck: Check = {
  name: 'disk',
  group: 'Folders',
  about: 'there is room where our folders are',
  examine: async ({folders}) => {
    const rooms = await Promise.all(
      [folders.config, folders.state].map(async (path) => ({path, freeMib: await freeMib(path)})),
    )
    const full = rooms.filter(({freeMib: free}) => free !== undefined && free < ENOUGH_MIB)
    if (full.length > 0)
      return {
        status: 'fail',
        detail: full.map(({path, freeMib: free}) => `${path} has ${free} MiB left`).join('; '),
        hint: 'Free some space, or set XDG_STATE_HOME and XDG_CONFIG_HOME to another place.',
      }
    if (rooms.some(({freeMib: free}) => free === undefined))
      return {status: 'skip', detail: 'the file system does not tell'}
    return {status: 'ok', detail: `${Math.min(...rooms.map(({freeMib: free}) => free ?? 0))} MiB free`}
  },
}

/** Of the nearest folder that is there. Rounded down. */
const freeMib = async (path: string): Promise<number | undefined> => {
  for (let folder = path; ; folder = dirname(folder)) {
    const stats = await statfs(folder).catch(() => undefined)
    // Some file systems of others count nothing.
    if (stats !== undefined)
      return stats.blocks === 0 ? undefined : Math.floor((stats.bavail * stats.bsize) / (1 << 20))
    if (folder === dirname(folder)) return undefined
  }
}
