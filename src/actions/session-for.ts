import type {Attachment} from '../attachment/attachment.ts'
import {deadlineIn} from '../core/deadline.ts'
import {RuncodeError} from '../core/errors.ts'
import {isFresh, type Session} from '../session/session.ts'
import {readCurrentSession} from '../session/session-store.ts'
import {type ChosenWorkspace, ownerOf} from './choose-workspace.ts'
import type {Context} from './context.ts'

/** To resolve a name, take a pass and connect, before a command begins. */
const LIMIT_MS = 30_000

/** A profile was named for a place that is attached with another one. */
export class OtherProfileError extends RuncodeError {
  constructor(profile: string, {account, title}: Attachment) {
    super(`This place is attached to "${title}" of the profile "${account}", not to one of "${profile}".`, {
      code: 'usage',
      hint: `Name the workspace as well: --workspace ${profile}:<workspace>`,
      facts: {profile, attached_profile: account},
    })
  }
}

export interface SessionChoice {
  readonly profile: string | undefined
  /** Take a new pass even where the one at hand looks good. */
  readonly force?: boolean
}

/** A session with whether it was at hand. */
export interface FoundSession {
  readonly session: Session
  readonly isReused: boolean
}

/**
 * A good session for a chosen workspace. While the pass of an attached one is good this reads three files and asks
 * nobody; only else the control plane's code is loaded at all.
 */
export async function sessionFor(
  context: Context,
  chosen: ChosenWorkspace,
  {profile, force = false}: SessionChoice,
): Promise<FoundSession> {
  if (chosen.why === 'attachment') {
    const {attachment} = chosen
    if (profile !== undefined && profile !== attachment.account) throw new OtherProfileError(profile, attachment)
    const session = await readCurrentSession(context.folders.state, ownerOf(attachment))
    if (!force && session !== undefined && isFresh(session, context.now())) return {session, isReused: true}
  }
  const {openAccountOf, resolveWorkspace} = await import('./open-account.ts')
  const {DEFAULT_TTL_SECONDS, mintSession} = await import('./mint-session.ts')
  const deadline = deadlineIn(LIMIT_MS, context.interrupted)
  const options = {ttlSeconds: DEFAULT_TTL_SECONDS, force, deadline}
  if (chosen.why === 'attachment') {
    const owner = ownerOf(chosen.attachment)
    const {plane} = await openAccountOf(context, owner)
    return mintSession(context, owner, plane, options)
  }
  const {account, origin, workspace, plane} = await resolveWorkspace(context, chosen.name, profile, deadline)
  return mintSession(context, {account: account.name, origin, workspaceId: workspace.id}, plane, options)
}
