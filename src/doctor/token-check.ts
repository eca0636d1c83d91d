import {formatDuration} from '../core/duration.ts'
import {messageOf} from '../core/errors.ts'
import {NoTokenError} from '../credentials/find-token.ts'
import {withAccount} from './account.ts'
import type {Check, TokenPlace} from './check.ts'

/** There is a token for the account; says where and how old it is, never which. */
export const tokenCheck: Check = {
  name: 'token',
  group: 'Account',
  about: 'there is a token; where it is kept, and since when',
  examine: (patient) =>
    withAccount(patient, async () => {
      try {
        const token = await patient.findTokenPlace()
        const facts = {token_stored_at: token.storedAt?.toISOString() ?? null}
        return {status: 'ok', detail: describe(token, patient.now()), facts}
      } catch (error) {
        if (!(error instanceof NoTokenError)) throw error
        return {status: 'fail', detail: messageOf(error), hint: error.hint}
      }
    }),
}

const DAY_SECONDS = 86_400

const describe = ({place, storedAt}: TokenPlace, now: Date): string => {
  if (storedAt === undefined) return `in ${place}; since when is not known`
  const seconds = (now.getTime() - storedAt.getTime()) / 1000
  const age = seconds < 2 * DAY_SECONDS ? formatDuration(seconds) : `${Math.floor(seconds / DAY_SECONDS)} days`
  return `stored ${age} ago in ${place}`
}
