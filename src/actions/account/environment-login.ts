import {RuncodeError} from '../../core/errors.ts'
import type {SecretStore} from '../../credentials/secret-store.ts'
import {parseWebBase} from '../../network/https-url.ts'
import {FROM_ENVIRONMENT, type ProfileName} from '../../profile/profile.ts'

/** The account is the environment's own, and has its token there. */
export class EnvironmentTokenError extends RuncodeError {
  constructor() {
    super('The token is that of the environment (RUNCODE_TOKEN), so there is nothing to log in to or out of.', {
      code: 'usage',
      hint: 'Unset RUNCODE_TOKEN, or name a profile with --profile.',
    })
  }
}

/** Nothing but a profile remembers that a token is in the keychain. */
export class NoProfileForKeychainError extends RuncodeError {
  constructor() {
    super('The token of an account that the environment describes is kept in the file only.', {
      code: 'usage',
      hint: 'Leave --store out, or make a profile of it: runcode profile add <name> --api-base <url>',
    })
  }
}

/** The environment names pages, and not the control plane that they are of. */
export class StrayWebBaseError extends RuncodeError {
  constructor() {
    super('RUNCODE_WEB_BASE has the pages of RUNCODE_API_BASE, which is not set.', {
      code: 'usage',
      hint: 'Set both, or say it of a profile: runcode profile set <name> --web-base <url>',
    })
  }
}

/** What the environment says must leave something to log in to. Throws InsecureBaseError, and the errors here. */
export function refuseEnvironment(
  {RUNCODE_API_BASE: apiBase, RUNCODE_WEB_BASE: webBase, RUNCODE_TOKEN: token}: NodeJS.ProcessEnv,
  account: ProfileName,
  store: SecretStore['kind'] | undefined,
): void {
  if (webBase && !apiBase) throw new StrayWebBaseError()
  if (account !== FROM_ENVIRONMENT) return
  if (token) throw new EnvironmentTokenError()
  if (webBase) parseWebBase(webBase, 'RUNCODE_WEB_BASE')
  if (store === 'keychain') throw new NoProfileForKeychainError()
}
