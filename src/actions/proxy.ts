import {RuncodeError} from '../core/errors.ts'
import type {GatewayAddress} from '../network/connect-gateway.ts'
import {parseHttpsBase} from '../network/https-url.ts'
import {type Account, chooseAccount} from '../profile/account.ts'
import {readProfiles} from '../profile/profile-file.ts'
import {readManagedSession} from '../session/managed-host.ts'
import type {Session, SessionOwner} from '../session/session.ts'
import type {WorkspaceId} from '../workspace/workspace.ts'
import type {Context} from './context.ts'

/** What the entry of a managed host says of itself to its ProxyCommand. */
export interface ManagedTarget {
  readonly profile: string
  readonly workspaceId: WorkspaceId
  /** The user that the entry states. */
  readonly user: string
}

/** Where a managed host is now. */
export interface ManagedGateway extends GatewayAddress {
  readonly session: Session
  readonly isReused: boolean
}

/** The workspace goes by another user than the entry of the managed host states. */
export class StaleHostError extends RuncodeError {
  constructor(user: string, userNow: string) {
    super(`The entry of this host in the ssh config says user "${user}", but the workspace has "${userNow}" now.`, {
      code: 'conflict',
      hint: 'Write the entries anew with config-ssh.',
      facts: {user, user_now: userNow},
    })
  }
}

/** The way to a managed host by the pass at hand, which reads a few files and asks nobody; undefined where that is not good. */
export async function findManagedHost(context: Context, target: ManagedTarget): Promise<ManagedGateway | undefined> {
  const account = await accountOf(context, target)
  const session = await readManagedSession(context.folders.state, ownerOf(account, target), context.now())
  return session === undefined ? undefined : gatewayOf(account, target, {session, isReused: true})
}

/** Throws StaleHostError. */
export function gatewayOf(
  {sshProxy}: Account,
  {user}: ManagedTarget,
  opened: {readonly session: Session; readonly isReused: boolean},
): ManagedGateway {
  const {host, port, user: userNow} = opened.session
  if (userNow !== user) throw new StaleHostError(user, userNow)
  return {host, port, sshProxy, ...opened}
}

export const accountOf = async ({env, folders}: Context, {profile}: ManagedTarget): Promise<Account> =>
  chooseAccount(await readProfiles(folders.config), env, {flag: profile})

export const ownerOf = ({name, apiBase}: Account, {workspaceId}: ManagedTarget): SessionOwner => {
  const {origin} = parseHttpsBase(apiBase, 'The address of the control plane')
  return {account: name, origin, workspaceId}
}
