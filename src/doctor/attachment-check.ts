import {UnsafeFolderError} from '../core/files.ts'
import type {Check} from './check.ts'

/** Why most of what belongs to a workspace is not looked at. */
export const NOT_CONNECTED = 'not connected here; runcode connect <workspace>'

/** What is attached to this place, and its session, can be read. */
export const attachmentCheck: Check = {
  name: 'attachment',
  group: 'Workspace here',
  about: 'what is attached to where you are, and its pass, can be read',
  examine: async ({findSession}) => {
    try {
      const session = await findSession()
      return session === undefined
        ? {status: 'skip', detail: NOT_CONNECTED}
        : {status: 'ok', detail: `${session.title}, with a good pass`}
    } catch (error) {
      // That is for the check of folders to tell.
      if (error instanceof UnsafeFolderError)
        return {status: 'skip', detail: 'nothing is read from a folder that is not safe'}
      throw error
    }
  },
}
