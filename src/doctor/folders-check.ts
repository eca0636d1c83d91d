import {access, constants} from 'node:fs/promises'
import {systemCode} from '../core/errors.ts'
import {folderFault} from '../core/files.ts'
import type {Check, Fix} from './check.ts'
import {closeToOthers} from './close-to-others.ts'

/** The one fault that can be mended without asking. */
const OPEN = 'is open to other users'

/** Our folders, as far as they exist, are ours alone: owner, mode 0700, no links; and can be written to. */
export const foldersCheck: Check = {
  name: 'folders',
  group: 'Folders',
  about: 'our folders are yours alone, no links, and can be written to',
  fixes: 'takes the rights of others from a folder that is yours',
  examine: async ({folders}) => {
    const faults: string[] = []
    const fixes: Fix[] = []
    let there = 0
    for (const folder of [folders.config, folders.state]) {
      const fault = await faultOf(folder)
      if (fault === 'absent') continue
      there += 1
      if (fault !== undefined) faults.push(`${folder} ${fault}`)
      if (fault === OPEN) fixes.push(closeToOthers(folder))
    }
    if (faults.length > 0)
      return {
        status: 'fail',
        detail: faults.join('; '),
        hint: 'They must be yours, mode 0700, writable, and no links: chmod 700 <folder>',
        fixes,
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
