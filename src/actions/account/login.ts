import {deadlineIn} from '../../core/deadline.ts'
import {messageOf} from '../../core/errors.ts'
import {fileStore} from '../../credentials/file-store.ts'
import {loginHint} from '../../credentials/find-token.ts'
import {isKeychainUsable, keychainStore} from '../../credentials/keychain-store.ts'
import {openSecretStore} from '../../credentials/open-secret-store.ts'
import {parseSecret} from '../../credentials/parse-secret.ts'
import type {SecretStore} from '../../credentials/secret-store.ts'
import type {Account} from '../../profile/account.ts'
import {FROM_ENVIRONMENT, type ProfileName} from '../../profile/profile.ts'
import {changeProfiles} from '../../profile/profile-file.ts'
import {openControlPlane} from '../../provider/open-control-plane.ts'
import type {Context} from '../context.ts'
import {openAccount} from '../open-account.ts'
import {EnvironmentTokenError, refuseEnvironment} from './environment-login.ts'
import {formerAccount, OtherAccountError} from './other-account.ts'

const LIMIT_MS = 30_000

/** A token as it was given, with the words of whoever gave it on whose it is. */
export interface GivenToken {
  readonly secret: string
  readonly email: string | undefined
}

export interface LoginInput {
  readonly profile: string | undefined
  readonly store: SecretStore['kind'] | undefined
  /** Where the token comes from; called after the account was found to be one that can be logged in to. */
  readonly readToken: (account: Account, origin: string) => Promise<GivenToken>
  /** Whether the account that is logged in may be replaced by another; asked only where it is another. */
  readonly mayReplace: (former: string) => Promise<boolean>
}

export interface LoggedIn {
  readonly profile: ProfileName
  readonly origin: string
  /** Where the token is kept now, in words. */
  readonly place: string
  readonly email: string | undefined
  /** How many workspaces it shows. */
  readonly workspaceCount: number
}

/** Keeps a token for an account, after the control plane accepted it: a wrong one replaces nothing. */
export async function login(context: Context, input: LoginInput): Promise<LoggedIn> {
  const {folders} = context
  const {account, origin, trust} = await openAccount(context, {flag: input.profile})
  refuseEnvironment(context.env, account.name, input.store)
  const {secret: text, email} = await input.readToken(account, origin)
  const secret = parseSecret(text, 'the input')
  const plane = openControlPlane({
    provider: account.provider,
    apiBase: account.apiBase,
    trust,
    token: async () => secret,
    loginHint: loginHint({account: account.name, isEnvironment: false}),
    say: (message) => context.warn(message),
  })
  const workspaces = await context.progress.step(`Checking the token with ${origin}`, () =>
    plane.listWorkspaces(deadlineIn(LIMIT_MS, context.interrupted)),
  )
  const former = await formerAccount(context, account.name, {secret, identity: {email, workspaces}})
  if (former !== undefined && !(await input.mayReplace(former))) throw new OtherAccountError(account.name, former)
  const isProfile = account.name !== FROM_ENVIRONMENT
  const wished = isProfile ? (input.store ?? account.store) : 'file'
  const store = await keep(context, {account, origin, wished, secret})
  const {name, chosenBy: _, ...profile} = account
  if (isProfile)
    await changeProfiles(folders.config, ({default: byDefault, profiles}) => {
      // A browser may have taken minutes, in which other fields were set.
      const now = profiles.get(name)
      const known = now?.apiBase === profile.apiBase ? now : profile
      return {default: byDefault ?? name, profiles: new Map(profiles).set(name, {...known, store: store.kind, email})}
    })
  return {profile: name, origin, place: store.place, email, workspaceCount: workspaces.length}
}

interface Kept {
  readonly account: Account
  readonly origin: string
  /** Undefined: wherever it works. */
  readonly wished: SecretStore['kind'] | undefined
  readonly secret: string
}

/** Writes the token into its store, and takes the former one out of another, where nobody would look for it again. */
const keep = async (context: Context, {account, origin, wished, secret}: Kept): Promise<SecretStore> => {
  const places = {env: context.env, config: context.folders.config}
  const key = {origin, account: account.name}
  const {date} = context.now()
  const kind = wished ?? ((await isKeychainUsable(context.env)) ? 'keychain' : 'file')
  let store = openSecretStore(kind, places)
  try {
    await store.write(key, secret, date)
  } catch (error) {
    // One that is locked can be read from, as if it were empty.
    if (wished !== undefined || kind === 'file') throw error
    context.warn(`${messageOf(error)} The token is kept in a file.`)
    store = openSecretStore('file', places)
    await store.write(key, secret, date)
  }
  if (account.store !== undefined && account.store !== store.kind) {
    const former = openSecretStore(account.store, places)
    await former.remove(key).catch((error: unknown) => {
      context.warn(`The former token may still be in ${former.place}: ${messageOf(error)}`)
    })
  }
  return store
}

const NOT_FOUND_THERE = 'The keychain of this system gave no token: it is locked, and keeps it, or it had none.'

const forgetStore = (context: Context, name: ProfileName): Promise<void> =>
  changeProfiles(context.folders.config, (all) => {
    const profile = all.profiles.get(name)
    const profiles = new Map(all.profiles)
    return profile === undefined ? all : {...all, profiles: profiles.set(name, {...profile, store: undefined})}
  })

export interface LoggedOut {
  readonly profile: ProfileName
  readonly origin: string
  /** Where there was a token, in words; empty where there was none. */
  readonly removedFrom: readonly string[]
}

/** Removes the token that `login` kept for an account; nothing else of it. */
export async function logout(context: Context, {profile}: {profile: string | undefined}): Promise<LoggedOut> {
  const {account, origin} = await openAccount(context, {flag: profile})
  if (account.name === FROM_ENVIRONMENT && context.env['RUNCODE_TOKEN']) throw new EnvironmentTokenError()
  const file = fileStore(context.folders.config)
  const stores = account.store === 'keychain' ? [keychainStore(context.env), file] : [file]
  const places: string[] = []
  for (const store of stores) {
    if (await store.remove({origin, account: account.name})) places.push(store.place)
    else if (store.kind === 'keychain') context.warn(NOT_FOUND_THERE)
  }
  // What is remembered to be in a keychain, and is not found there, is told as one that is locked.
  if (account.store === 'keychain' && places.length > 0) await forgetStore(context, account.name)
  return {profile: account.name, origin, removedFrom: places}
}
