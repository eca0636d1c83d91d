import {access, constants} from 'node:fs/promises'
import {systemCode} from '../core/errors.ts'
import {folderFault} from '../core/files.ts'
import type {Check} from './check.ts'

/** Our folders, as far as they exist, are ours alone: owner, mode 0700, no links; and can be written to. */
export const foldersCheck: Check = {
  name: 'folders',
  examine: async ({folders}) => {
    const faults: string[] = []
    let there = 0
    for (const folder of [folders.config, folders.state]) {
      const fault = await faultOf(folder)
      if (fault === 'absent') continue
      there += 1
      if (fault !== undefined) faults.push(`${folder} ${fault}`)
    }
    if (faults.length > 0)
      return {
        status: 'fail',
        detail: faults.join('; '),
        hint: 'They must be yours, mode 0700, writable, and no links: chmod 700 <folder>',
      }
    return {status: 'ok', detail: there === 0 ? 'none yet' : `${folders.config}, ${folders.state}`}
  },
}

const faultOf = async (folder: string): Promise<string | undefined> => {
  try {
    const fault = await folderFault(folder)
    if (fault !== undefined) return fault
    await access(folder, constants.W_OK)
    return undefined
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT') return 'absent'
    if (code === 'EROFS' || code === 'EACCES') return `cannot be written to (${code})`
    throw error
  }
}
