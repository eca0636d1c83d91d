import {NoTokenError} from '../credentials/find-token.ts'
import {withAccount} from './account.ts'
import type {Check} from './check.ts'

/** The control plane answers and accepts the token. */
export const controlPlaneCheck: Check = {
  name: 'control-plane',
  group: 'Control plane',
  about: 'it answers, and accepts the token',
  examine: (patient) =>
    withAccount(patient, async () => {
      try {
        const {length: count} = await patient.listWorkspaces()
        return {status: 'ok', detail: `answers, and shows ${count} workspace${count === 1 ? '' : 's'}`}
      } catch (error) {
        if (error instanceof NoTokenError) return {status: 'skip', detail: 'there is no token'}
        const isMet = await patient.meetService().then(
          () => true,
          () => false,
        )
        // That is for the check of TLS to tell.
        if (!isMet) return {status: 'skip', detail: 'it could not be reached'}
        throw error
      }
    }),
}
