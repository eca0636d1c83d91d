import {RuncodeError} from '../core/errors.ts'
import {readIfThere} from '../core/files.ts'
import {KeychainError} from './keychain-store.ts'
import {openSecretStore} from './open-secret-store.ts'
import {parseSecret} from './parse-secret.ts'
import type {SecretKey, SecretStore, Token} from './secret-store.ts'

/** RunCode's own service; its other tools' token file belongs to it. */
const RUNCODE_ORIGIN = 'https://app.runcode.io'

/** There is no token for this control plane. */
export class NoTokenError extends RuncodeError {
  constructor(question: TokenQuestion) {
    const {origin} = question
    super(`There is no token for ${origin}.`, {code: 'no_token', hint: loginHint(question), facts: {origin}})
  }
}

/** How an account gets a token: always with its name, or the token would go to the default account's control plane. */
export const loginHint = ({account, isEnvironment}: Pick<TokenQuestion, 'account' | 'isEnvironment'>): string =>
  isEnvironment
    ? 'Set RUNCODE_TOKEN beside RUNCODE_API_BASE, or leave it out and log in: runcode login'
    : `Log in: runcode login${account === 'runcode' ? '' : ` --profile ${account}`}`

export interface TokenSurroundings {
  readonly env: NodeJS.ProcessEnv
  readonly config: string
  readonly legacyTokenFile: string
}

/** Which token is asked for. */
export interface TokenQuestion extends SecretKey {
  /** The account is the environment's own (RUNCODE_API_BASE, RUNCODE_TOKEN); only then RUNCODE_TOKEN counts. */
  readonly isEnvironment: boolean
  /** The store that `login` used for this profile. */
  readonly store: SecretStore['kind'] | undefined
}

/**
 * The token of an account, bound to its origin: from the environment, or from the store remembered for the profile, else
 * the file, also for an account of the environment, else, for a profile at RunCode's own service, the file of its other tools
 * (never written or removed by us). Throws NoTokenError, KeychainError.
 */
export async function findToken(
  question: TokenQuestion,
  {env, config, legacyTokenFile}: TokenSurroundings,
): Promise<Token> {
  const fromEnvironment = question.isEnvironment ? env['RUNCODE_TOKEN'] : undefined
  if (fromEnvironment) {
    const secret = parseSecret(fromEnvironment, 'RUNCODE_TOKEN')
    return {secret, storedAt: undefined, source: 'environment', place: 'RUNCODE_TOKEN'}
  }
  const store = openSecretStore(question.store ?? 'file', {env, config})
  const kept = await store.read(question)
  if (kept !== undefined) {
    const secret = parseSecret(kept.secret, store.place)
    return {secret, storedAt: kept.storedAt, source: store.kind, place: store.place}
  }
  // A Secret Service that is locked, with nobody at a display to unlock it, answers as if it had nothing.
  if (store.kind === 'keychain')
    throw new KeychainError('is locked, or has lost the token of this profile', question.account)
  const legacy =
    question.origin === RUNCODE_ORIGIN && !question.isEnvironment
      ? (await readIfThere(legacyTokenFile))?.split('\n')[0]?.trim()
      : undefined
  if (legacy) {
    const secret = parseSecret(legacy, legacyTokenFile)
    return {secret, storedAt: undefined, source: 'legacy', place: legacyTokenFile}
  }
  throw new NoTokenError(question)
}
