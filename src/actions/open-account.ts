import type {Deadline} from '../core/deadline.ts'
import {findToken} from '../credentials/find-token.ts'
import {parseHttpsBase} from '../network/https-url.ts'
import type {Trust} from '../network/request-json.ts'
import {type Account, chooseAccount} from '../profile/account.ts'
import {FROM_ENVIRONMENT} from '../profile/profile.ts'
import {readProfiles} from '../profile/profile-file.ts'
import type {ControlPlane} from '../provider/control-plane.ts'
import {openControlPlane} from '../provider/open-control-plane.ts'
import type {Workspace} from '../workspace/workspace.ts'
import {findWorkspace, parseWorkspaceRef} from '../workspace/workspace-ref.ts'
import type {Context} from './context.ts'

/** An account with the way to its control plane. */
export interface OpenAccount {
  readonly account: Account
  /** `https://host[:port]` */
  readonly origin: string
  readonly trust: Trust
  readonly plane: ControlPlane
}

/** How the account was named: with the workspace, by the flag, or not at all. */
export interface AccountChoice {
  readonly workspace?: string | undefined
  readonly flag?: string | undefined
}

/** Opens the account of a command. Nothing is sent yet; the token is looked for at the first request. */
export async function openAccount(context: Context, choice: AccountChoice): Promise<OpenAccount> {
  const {env, folders} = context
  const account = chooseAccount(await readProfiles(folders.config), env, choice)
  const {origin} = parseHttpsBase(account.apiBase, 'The address of the control plane')
  const trust = {caFile: account.caFile, addedCaFile: env['RUNCODE_CA_FILE'] || undefined}
  const question = {
    origin,
    account: account.name,
    isEnvironment: account.name === FROM_ENVIRONMENT,
    store: account.store,
  }
  let found: Promise<string> | undefined
  const token = (): Promise<string> => {
    found ??= findToken(question, {env, ...folders}).then(({secret}) => secret)
    return found
  }
  return {
    account,
    origin,
    trust,
    plane: openControlPlane({provider: account.provider, apiBase: account.apiBase, trust, token}),
  }
}

export interface FoundWorkspace extends OpenAccount {
  readonly workspace: Workspace
}

/** The one workspace that a text names. Throws where none or several fit. */
export async function resolveWorkspace(
  context: Context,
  text: string,
  flag: string | undefined,
  deadline: Deadline,
): Promise<FoundWorkspace> {
  const ref = parseWorkspaceRef(text)
  const opened = await openAccount(context, {workspace: ref.profile, flag})
  const found = findWorkspace(await opened.plane.listWorkspaces(deadline), ref.name)
  return {...opened, workspace: 'unlisted' in found ? unlisted(found.unlisted) : found}
}

/** A workspace that no list shows, such as a team's: its id is all that is known, and its state is not. */
const unlisted = (id: Workspace['id']): Workspace => ({
  id,
  title: id,
  displayName: null,
  state: '',
  isShared: true,
  hasSsh: true,
})
