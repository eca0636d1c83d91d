import {deadlineIn} from '../../core/deadline.ts'
import {RuncodeError} from '../../core/errors.ts'
import {fileStore} from '../../credentials/file-store.ts'
import {loginHint} from '../../credentials/find-token.ts'
import {isKeychainUsable, keychainStore} from '../../credentials/keychain-store.ts'
import {parseSecret} from '../../credentials/parse-secret.ts'
import type {SecretStore} from '../../credentials/secret-store.ts'
import {FROM_ENVIRONMENT, type ProfileName} from '../../profile/profile.ts'
import {changeProfiles} from '../../profile/profile-file.ts'
import {openControlPlane} from '../../provider/open-control-plane.ts'
import type {Context} from '../context.ts'
import {openAccount} from '../open-account.ts'

const LIMIT_MS = 30_000

/** The account is the environment's own, which keeps its token in the environment. */
export class EnvironmentAccountError extends RuncodeError {
  constructor() {
    super(
      'The account is set by the environment (RUNCODE_API_BASE or RUNCODE_TOKEN), so there is nothing to log in to or out of.',
      {
        code: 'usage',
        hint: 'Unset these variables, or name a profile with --profile.',
      },
    )
  }
}

export interface LoginInput {
  readonly profile: string | undefined
  readonly store: SecretStore['kind'] | undefined
  /** Where the token comes from; called after the account was found to be one that can be logged in to. */
  readonly readToken: (origin: string) => Promise<string>
}

export interface LoggedIn {
  readonly profile: ProfileName
  readonly origin: string
  /** Where the token is kept now, in words. */
  readonly place: string
}

/** Keeps a token for an account, after the control plane accepted it: a wrong one replaces nothing. */
export async function login(context: Context, input: LoginInput): Promise<LoggedIn> {
  const {folders, env} = context
  const {account, origin, trust} = await openAccount(context, {flag: input.profile})
  if (account.name === FROM_ENVIRONMENT) throw new EnvironmentAccountError()
  const secret = parseSecret(await input.readToken(origin), 'the input')
  const plane = openControlPlane({
    provider: account.provider,
    apiBase: account.apiBase,
    trust,
    token: async () => secret,
    loginHint: loginHint({account: account.name, isEnvironment: false}),
    say: (message) => context.warn(message),
  })
  await context.progress.step(`Checking the token with ${origin}`, () =>
    plane.listWorkspaces(deadlineIn(LIMIT_MS, context.interrupted)),
  )
  const kind = input.store ?? account.store ?? ((await isKeychainUsable(env)) ? 'keychain' : 'file')
  const store = kind === 'keychain' ? keychainStore(env) : fileStore(folders.config)
  await store.write({origin, account: account.name}, secret)
  const {name, chosenBy: _, ...profile} = account
  await changeProfiles(folders.config, ({default: byDefault, profiles}) => ({
    default: byDefault ?? name,
    profiles: new Map(profiles).set(name, {...profile, store: kind}),
  }))
  return {profile: name, origin, place: store.place}
}

export interface LoggedOut {
  readonly profile: ProfileName
  readonly origin: string
  /** Where there was a token, in words; empty where there was none. */
  readonly removedFrom: readonly string[]
}

/** Removes the token that `login` kept for an account; nothing else of it. */
export async function logout(context: Context, {profile}: {profile: string | undefined}): Promise<LoggedOut> {
  const {account, origin} = await openAccount(context, {flag: profile})
  if (account.name === FROM_ENVIRONMENT) throw new EnvironmentAccountError()
  const file = fileStore(context.folders.config)
  const stores = account.store === 'keychain' ? [keychainStore(context.env), file] : [file]
  const places: string[] = []
  for (const store of stores) {
    if (await store.remove({origin, account: account.name})) places.push(store.place)
  }
  return {profile: account.name, origin, removedFrom: places}
}
