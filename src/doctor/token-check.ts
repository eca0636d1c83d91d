import {messageOf} from '../core/errors.ts'
import {NoTokenError} from '../credentials/find-token.ts'
import {withAccount} from './account.ts'
import type {Check} from './check.ts'

/** There is a token for the account; says where, never which. */
export const tokenCheck: Check = {
  name: 'token',
  group: 'Account',
  about: 'there is a token, and where it is kept',
  examine: (patient) =>
    withAccount(patient, async () => {
      try {
        return {status: 'ok', detail: await patient.findTokenPlace()}
      } catch (error) {
        if (!(error instanceof NoTokenError)) throw error
        return {status: 'fail', detail: messageOf(error), hint: error.hint}
      }
    }),
}
