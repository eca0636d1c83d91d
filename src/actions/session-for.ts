import {deadlineIn} from '../core/deadline.ts'
import {RuncodeError} from '../core/errors.ts'
import {isFresh, type Session, type SessionOwner} from '../session/session.ts'
import {readCurrentSession} from '../session/session-store.ts'
import {type ChosenWorkspace, ownerOf} from './choose-workspace.ts'
import type {Context} from './context.ts'

/** To resolve a name, take a pass and connect, before a command begins. */
const LIMIT_MS = 30_000

/** The profile of an attachment speaks to another control plane than when the place was attached. */
export class MovedAccountError extends RuncodeError {
  constructor({account, origin}: SessionOwner, originNow: string) {
    super(
      `This place is attached to a workspace at ${origin}, but the profile "${account}" now speaks to ${originNow}.`,
      {
        code: 'not_attached',
        hint: 'Attach it again: runcode connect <workspace>',
        facts: {attached_origin: origin, profile_origin: originNow},
      },
    )
  }
}

export interface SessionChoice {
  readonly profile: string | undefined
}

/**
 * A good session for a chosen workspace. While the pass of an attached one is good this reads three files and asks
 * nobody; only else the control plane's code is loaded at all.
 */
export async function sessionFor(
  context: Context,
  chosen: ChosenWorkspace,
  {profile}: SessionChoice,
): Promise<Session> {
  if (chosen.why === 'attachment') {
    const session = await readCurrentSession(context.folders.state, ownerOf(chosen.attachment))
    if (session !== undefined && isFresh(session, context.now())) return session
  }
  const {openAccount, resolveWorkspace} = await import('./open-account.ts')
  const {DEFAULT_TTL_SECONDS, mintSession} = await import('./mint-session.ts')
  const deadline = deadlineIn(LIMIT_MS, context.interrupted)
  const options = {ttlSeconds: DEFAULT_TTL_SECONDS, force: false, deadline}
  if (chosen.why === 'attachment') {
    const owner = ownerOf(chosen.attachment)
    const {plane, origin} = await openAccount(context, {
      flag: owner.account === 'environment' ? undefined : owner.account,
    })
    if (origin !== owner.origin) throw new MovedAccountError(owner, origin)
    return (await mintSession(context, owner, plane, options)).session
  }
  const {account, origin, workspace, plane} = await resolveWorkspace(context, chosen.name, profile, deadline)
  return (await mintSession(context, {account: account.name, origin, workspaceId: workspace.id}, plane, options))
    .session
}
