import type {Deadline} from '../core/deadline.ts'
import {type Facts, RuncodeError} from '../core/errors.ts'
import {findToken, loginHint} from '../credentials/find-token.ts'
import {parseHttpsBase} from '../network/https-url.ts'
import type {Way} from '../network/request-json.ts'
import {type Account, chooseAccount, UnknownProfileError} from '../profile/account.ts'
import {apiProxy} from '../profile/api-proxy.ts'
import {FROM_ENVIRONMENT} from '../profile/profile.ts'
import {readProfiles} from '../profile/profile-file.ts'
import type {ControlPlane} from '../provider/control-plane.ts'
import {openControlPlane} from '../provider/open-control-plane.ts'
import type {SessionOwner} from '../session/session.ts'
import type {Workspace} from '../workspace/workspace.ts'
import {findWorkspace, parseWorkspaceRef} from '../workspace/workspace-ref.ts'
import {factsOf, type NamedWorkspace, telling} from './choose-workspace.ts'
import type {Context} from './context.ts'

/** An account with the way to its control plane. */
export interface OpenAccount {
  readonly account: Account
  /** `https://host[:port]` */
  readonly origin: string
  readonly trust: Way
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
  const base = parseHttpsBase(account.apiBase, 'The address of the control plane')
  const {origin} = base
  const trust = wayTo(base, account, env)
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
    plane: openControlPlane({
      provider: account.provider,
      apiBase: account.apiBase,
      trust,
      token,
      loginHint: loginHint(question),
      say: (message) => context.warn(message),
    }),
  }
}

/** Whom to believe on the way to the control plane of an account, and by which proxy to go. Throws InvalidProxyError. */
export const wayTo = (
  base: URL,
  {caFile, httpsProxy}: Pick<Account, 'caFile' | 'httpsProxy'>,
  env: NodeJS.ProcessEnv,
): Way => ({
  caFile,
  addedCaFile: env['RUNCODE_CA_FILE'] || undefined,
  nodeCaFile: env['NODE_EXTRA_CA_CERTS'] || undefined,
  proxy: apiProxy(env, base, httpsProxy),
})

/** The account of an attachment is gone, or speaks to another control plane than when the place was attached. */
export class MovedAccountError extends RuncodeError {
  constructor({account, origin}: SessionOwner, originNow: string | undefined) {
    const now = originNow === undefined ? 'is not there any more' : `now speaks to ${originNow}`
    super(`This place is attached to a workspace at ${origin}, but the account "${account}" ${now}.`, {
      code: 'not_attached',
      hint: 'Attach it again: runcode connect <workspace>',
      facts: {attached_origin: origin, account_origin: originNow ?? null},
    })
  }
}

/** The account that a place was attached with; never another one's. Throws MovedAccountError. */
export async function openAccountOf(context: Context, owner: SessionOwner): Promise<OpenAccount> {
  const flag = owner.account === FROM_ENVIRONMENT ? undefined : owner.account
  const opened = await openAccount(context, {flag}).catch((error: unknown) => {
    throw error instanceof UnknownProfileError ? new MovedAccountError(owner, undefined) : error
  })
  if (opened.origin !== owner.origin || opened.account.name !== owner.account)
    throw new MovedAccountError(owner, opened.origin)
  return opened
}

export interface FoundWorkspace extends OpenAccount {
  readonly workspace: Workspace
  readonly why: NamedWorkspace['why']
}

/** The one workspace that a text names. Throws where none or several fit, and where two accounts are named. */
export function resolveWorkspace(context: Context, named: NamedWorkspace, deadline: Deadline): Promise<FoundWorkspace> {
  return telling(factsOf(named), async () => {
    const {why, name, profile} = named
    const ref = parseWorkspaceRef(name)
    const opened = await openAccount(context, {workspace: ref.profile, flag: profile})
    const found = findWorkspace(await opened.plane.listWorkspaces(deadline), ref.name, prefixOf(opened.account))
    return {...opened, why, workspace: 'unlisted' in found ? unlisted(found.unlisted) : found}
  })
}

/** Which workspace was found, and why it is this one, in the words of our JSON. */
export const factsOfFound = ({workspace: {id, title}, account, why}: FoundWorkspace): Facts => ({
  workspace: {id, title},
  profile: account.name,
  chosen_by: why,
})

/** The part before the colon that a command needs which we suggest: an account that was named must be named again. */
export const prefixOf = ({name, chosenBy}: Pick<Account, 'name' | 'chosenBy'>): string =>
  chosenBy === 'flag' || chosenBy === 'workspace' ? `${name}:` : ''

/** A workspace that no list shows, such as a team's: its id is all that is known, and its state is not. */
const unlisted = (id: Workspace['id']): Workspace => ({
  id,
  title: id,
  displayName: null,
  state: '',
  isShared: true,
  hasSsh: true,
})
