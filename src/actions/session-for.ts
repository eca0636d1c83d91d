import type {Attachment} from '../attachment/attachment.ts'
import {deadlineIn} from '../core/deadline.ts'
import {retireSleptMaster} from '../openssh/master.ts'
import type {OpenedSession} from '../session/open-session.ts'
import {isFresh, type Session, type SessionOwner} from '../session/session.ts'
import {readCurrentSession} from '../session/session-store.ts'
import {askingFor, type ChosenWorkspace, ownerOf, telling} from './choose-workspace.ts'
import type {Context} from './context.ts'

/** To resolve a name, take a pass and connect, before a command begins. */
const LIMIT_MS = 30_000

/** A session with whether it was at hand. */
export type FoundSession = Pick<OpenedSession, 'session' | 'isReused'>

/**
 * A good session for a chosen workspace. While the pass of an attached one is good this reads four files and asks
 * nobody; only else the control plane's code is loaded at all. `beforeMint` hears when the workspace is known and a pass is
 * about to be asked for.
 */
export async function sessionFor(
  context: Context,
  chosen: ChosenWorkspace,
  beforeMint: () => void = () => undefined,
): Promise<FoundSession> {
  const found = await findSession(context, chosen, beforeMint)
  await retireSleptMaster(found.session, context.now().sleptSeconds)
  return found
}

const findSession = async (
  context: Context,
  chosen: ChosenWorkspace,
  beforeMint: () => void,
): Promise<FoundSession> => {
  if (chosen.why === 'attachment') {
    const session = await readCurrentSession(context.folders.state, ownerOf(chosen.attachment))
    if (session !== undefined && isFresh(session, context.now())) return {session, isReused: true}
    beforeMint()
    return mintAttached(context, chosen.attachment)
  }
  const {factsOfFound, resolveWorkspace} = await import('./open-account.ts')
  const {DEFAULT_TTL_SECONDS, mintSession} = await import('./mint-session.ts')
  const deadline = deadlineIn(LIMIT_MS, context.interrupted)
  const found = await resolveWorkspace(context, chosen, deadline)
  beforeMint()
  const {account, origin, workspace, plane} = found
  const owner = {account: account.name, origin, workspaceId: workspace.id}
  const options = {ttlSeconds: DEFAULT_TTL_SECONDS, force: false, deadline, title: workspace.title}
  return telling(factsOfFound(found), () => mintSession(context, owner, plane, options))
}

/**
 * A good session for the very workspace of one that the gateway turned away: no name is looked up again, which might be
 * another one's by now.
 */
export async function renewSession(context: Context, chosen: ChosenWorkspace, refused: Session): Promise<Session> {
  const opened =
    chosen.why === 'attachment'
      ? await mintAttached(context, chosen.attachment, refused)
      : await mintFor(context, refused, refused)
  return opened.session
}

const mintAttached = async (context: Context, attachment: Attachment, refused?: Session): Promise<OpenedSession> => {
  const {title, workspaceId} = attachment
  const target = {...ownerOf(attachment), title}
  const opened = await askingFor(attachment, () => mintFor(context, target, refused))
  if (!opened.isReused && opened.session.title !== title) {
    context.warn(
      `The workspace ${workspaceId} was "${title}" when it was attached; now it is "${opened.session.title}".`,
    )
  }
  return opened
}

const mintFor = async (
  context: Context,
  {account, origin, workspaceId, title}: SessionOwner & Pick<Session, 'title'>,
  refused: Session | undefined,
): Promise<OpenedSession> => {
  const {openAccountOf} = await import('./open-account.ts')
  const {DEFAULT_TTL_SECONDS, mintSession} = await import('./mint-session.ts')
  const owner = {account, origin, workspaceId}
  const {plane} = await openAccountOf(context, owner)
  const deadline = deadlineIn(LIMIT_MS, context.interrupted)
  return mintSession(context, owner, plane, {ttlSeconds: DEFAULT_TTL_SECONDS, force: false, refused, deadline, title})
}
