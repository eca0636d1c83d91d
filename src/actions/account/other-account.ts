import {deadlineIn} from '../../core/deadline.ts'
import {RuncodeError} from '../../core/errors.ts'
import {findToken} from '../../credentials/find-token.ts'
import {FROM_ENVIRONMENT} from '../../profile/profile.ts'
import type {Workspace} from '../../workspace/workspace.ts'
import type {Context} from '../context.ts'
import {openAccount} from '../open-account.ts'

const LIMIT_MS = 20_000

/** Whom a token belongs to, as far as it can be told: the contract has no answer to "who am I". */
export interface Identity {
  readonly email: string | undefined
  /** Its own workspaces, not those that are shared with it. */
  readonly workspaces: readonly Workspace[]
}

/** The profile is logged in to another account than the one that the new token belongs to. */
export class OtherAccountError extends RuncodeError {
  constructor(profile: string, former: string) {
    super(`The profile "${profile}" is logged in to ${former}, and this token belongs to another account.`, {
      code: 'other_account',
      hint: 'Replace it with --force, or keep both: runcode profile add <name> --api-base <url>',
      facts: {profile},
    })
  }
}

/**
 * Who is logged in to a profile now, in words, where that is somebody else than the holder of a new token. By the email
 * that each login told, else by what the tokens list: two accounts own no workspace together.
 */
export async function formerAccount(
  context: Context,
  profile: string,
  {secret, identity}: {secret: string; identity: Identity},
): Promise<string | undefined> {
  const {account, origin, plane} = await openAccount(context, {
    flag: profile === FROM_ENVIRONMENT ? undefined : profile,
  })
  const {email, name, store} = account
  const question = {origin, account: name, isEnvironment: false, store}
  const former = await findToken(question, {env: {}, ...context.folders}).catch(() => undefined)
  if (former === undefined || former.source === 'legacy' || former.secret === secret) return undefined
  if (email !== undefined && identity.email !== undefined) return email === identity.email ? undefined : email
  const own = ownIds(identity.workspaces)
  if (own.size === 0) return undefined
  const theirs = ownIds(await plane.listWorkspaces(deadlineIn(LIMIT_MS, context.interrupted)).catch(() => []))
  return theirs.size > 0 && [...theirs].every((id) => !own.has(id))
    ? (email ?? 'an account with other workspaces')
    : undefined
}

const ownIds = (workspaces: readonly Workspace[]): ReadonlySet<string> =>
  new Set(workspaces.filter(({isShared}) => !isShared).map(({id}) => id))
