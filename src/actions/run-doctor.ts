import {deadlineIn} from '../core/deadline.ts'
import {findToken} from '../credentials/find-token.ts'
import {examine, type NamedFinding} from '../doctor/examine.ts'
import {chooseAccount} from '../profile/account.ts'
import {FROM_ENVIRONMENT} from '../profile/profile.ts'
import {readProfiles} from '../profile/profile-file.ts'
import type {Context} from './context.ts'
import {openAccount} from './open-account.ts'

const LIMIT_MS = 10_000

/** Looks at everything that breaks in practice, for one account. */
export async function runDoctor(
  context: Context,
  {profile}: {profile: string | undefined},
): Promise<readonly NamedFinding[]> {
  const {env, folders, home, interrupted} = context
  const account = chooseAccount(await readProfiles(folders.config), env, {flag: profile})
  return examine({
    env,
    folders,
    home,
    account: account.name,
    apiBase: account.apiBase,
    findTokenPlace: async () => {
      const {origin} = new URL(account.apiBase)
      const question = {
        origin,
        account: account.name,
        isEnvironment: account.name === FROM_ENVIRONMENT,
        store: account.store,
      }
      return (await findToken(question, {env, ...folders})).place
    },
    countWorkspaces: async () => {
      const {plane} = await openAccount(context, {flag: profile})
      return (await plane.listWorkspaces(deadlineIn(LIMIT_MS, interrupted))).length
    },
  })
}
