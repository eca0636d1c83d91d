import {constants} from 'node:fs'
import {open} from 'node:fs/promises'
import type {Fix} from './check.ts'

/** Takes the rights of group and others from a file or a folder: of what was looked at, should it be another by now. */
export const closeToOthers = (path: string): Fix => ({
  did: `Took the rights of others from ${path}.`,
  apply: async () => {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stats = await file.stat()
      if (stats.uid === process.getuid?.()) await file.chmod(stats.mode & 0o700)
    } finally {
      await file.close()
    }
  },
})
