import {messageOf} from '../core/errors.ts'
import {NoTokenError} from '../credentials/find-token.ts'
import type {Check} from './check.ts'

/** There is a token for the account; says where, never which. */
export const tokenCheck: Check = {
  name: 'token',
  examine: async ({findTokenPlace}) => {
    try {
      return {status: 'ok', detail: await findTokenPlace()}
    } catch (error) {
      if (!(error instanceof NoTokenError)) throw error
      return {status: 'fail', detail: messageOf(error), hint: error.hint}
    }
  },
}
