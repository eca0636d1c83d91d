import {NoTokenError} from '../credentials/find-token.ts'
import type {Check} from './check.ts'

/** The control plane answers and accepts the token. */
export const controlPlaneCheck: Check = {
  name: 'control-plane',
  examine: async ({listWorkspaces}) => {
    try {
      const {length: count} = await listWorkspaces()
      return {status: 'ok', detail: `answers, and shows ${count} workspace${count === 1 ? '' : 's'}`}
    } catch (error) {
      if (error instanceof NoTokenError) return {status: 'warn', detail: 'not asked, as there is no token'}
      throw error
    }
  },
}
