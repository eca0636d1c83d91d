import type {Deadline} from '../core/deadline.ts'
import {RuncodeError} from '../core/errors.ts'
import type {GatewayAddress} from '../network/connect-gateway.ts'
import {parseHttpsBase} from '../network/https-url.ts'
import {type Account, chooseAccount} from '../profile/account.ts'
import {readProfiles} from '../profile/profile-file.ts'
import {readManagedSession} from '../session/managed-host.ts'
import type {Session} from '../session/session.ts'
import type {WorkspaceId} from '../workspace/workspace.ts'
import type {Context} from './context.ts'
import type {takeManagedPass} from './take-managed-pass.ts'

/** What the entry of a managed host says of itself to its ProxyCommand. */
export interface ManagedTarget {
  readonly profile: string
  readonly workspaceId: WorkspaceId
  /** The user that the entry states. */
  readonly user: string
}

export interface ProxyOptions {
  /** ssh waits for us and reads the key pair then; else it has read what was there before we began. */
  readonly isReadLater: boolean
  readonly deadline: Deadline
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

/**
 * The way to a managed host: by the pass at hand while it is good, which reads a few files and asks nobody, else by a new
 * one. Before this returns all is on disk that ssh must find. Starts nothing, asks nothing.
 */
export async function openManagedHost(
  context: Context,
  target: ManagedTarget,
  options: ProxyOptions,
): Promise<ManagedGateway> {
  const account = await accountOf(context, target.profile)
  const {origin} = parseHttpsBase(account.apiBase, 'The address of the control plane')
  const owner = {account: account.name, origin, workspaceId: target.workspaceId}
  const atHand = await readManagedSession(context.folders.state, owner, context.now())
  const session = atHand ?? (await takePass(context, owner, {...options, user: target.user}))
  if (session.user !== target.user) throw new StaleHostError(target.user, session.user)
  const {host, port} = session
  return {host, port, sshProxy: account.sshProxy, session, isReused: atHand !== undefined}
}

/** Only this loads what it takes to ask a control plane. */
const takePass = async (...asking: Parameters<typeof takeManagedPass>): Promise<Session> =>
  (await import('./take-managed-pass.ts')).takeManagedPass(...asking)

const accountOf = async ({env, folders}: Context, profile: string): Promise<Account> =>
  chooseAccount(await readProfiles(folders.config), env, {flag: profile})
