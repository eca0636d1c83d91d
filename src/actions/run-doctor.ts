import {findAttachment} from '../attachment/attachment.ts'
import {deadlineIn} from '../core/deadline.ts'
import {findToken} from '../credentials/find-token.ts'
import {examine, type NamedFinding} from '../doctor/examine.ts'
import {chooseAccount} from '../profile/account.ts'
import {FROM_ENVIRONMENT} from '../profile/profile.ts'
import {readProfiles} from '../profile/profile-file.ts'
import {isFresh} from '../session/session.ts'
import {readCurrentSession} from '../session/session-store.ts'
import type {Workspace} from '../workspace/workspace.ts'
import {ownerOf} from './choose-workspace.ts'
import type {Context} from './context.ts'
import {openAccount} from './open-account.ts'
import {findSshProxy, sshRoute} from './ssh-route.ts'

const LIMIT_MS = 10_000

/** Looks at everything that breaks in practice, for one account. */
export async function runDoctor(
  context: Context,
  {profile}: {profile: string | undefined},
): Promise<readonly NamedFinding[]> {
  const {env, folders, home, cwd, interrupted} = context
  let listing: Promise<readonly Workspace[]> | undefined
  const list = async (): Promise<readonly Workspace[]> => {
    const {plane} = await openAccount(context, {flag: profile})
    return plane.listWorkspaces(deadlineIn(LIMIT_MS, interrupted))
  }
  const account = chooseAccount(await readProfiles(folders.config), env, {flag: profile})
  return examine({
    env,
    folders,
    home,
    cwd,
    account: account.name,
    apiBase: account.apiBase,
    sshProxy: account.sshProxy,
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
    listWorkspaces: () => {
      listing ??= list()
      return listing
    },
    findSession: async () => {
      const attachment = await findAttachment(folders.state, cwd)
      if (attachment === undefined || attachment.isReplaced) return undefined
      const session = await readCurrentSession(folders.state, ownerOf(attachment))
      if (session === undefined || !isFresh(session, context.now())) return undefined
      const route = await sshRoute(context, session.account)
      return {...session, route, sshProxy: await findSshProxy(context, session.account)}
    },
  })
}
