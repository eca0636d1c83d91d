import {realpath} from 'node:fs/promises'
import {type Attachment, findAttachment, listAttachments, removeAttachment} from '../attachment/attachment.ts'
import {type Deadline, deadlineIn} from '../core/deadline.ts'
import {RuncodeError} from '../core/errors.ts'
import type {ControlPlane} from '../provider/control-plane.ts'
import {dropSession} from '../session/drop-session.ts'
import type {SessionOwner} from '../session/session.ts'
import {NotAttachedError, ownerOf} from './choose-workspace.ts'
import type {Context} from './context.ts'
import {openAccountOf, resolveWorkspace} from './open-account.ts'

const LIMIT_MS = 60_000

/** A stop without a name would hit the default of the whole home directory. */
export class DefaultNotStoppedError extends RuncodeError {
  constructor({title}: Attachment) {
    super(`This place has no workspace of its own; "${title}" is only the default of your home directory.`, {
      code: 'not_attached',
      hint: `Name it if you mean it: runcode stop ${title}`,
      facts: {default: title},
    })
  }
}

export interface StopInput {
  /** Undefined means what is attached here. */
  readonly workspace: string | undefined
  readonly profile: string | undefined
  /** Keep attachments and session. */
  readonly keep: boolean
}

export interface Stopped {
  readonly owner: SessionOwner
  readonly title: string
  /** The trees that were detached. */
  readonly detached: readonly string[]
}

/** Powers a workspace off. Unless `keep`, every place attached to it is detached and its session dropped. */
export async function stopWorkspace(context: Context, {workspace, profile, keep}: StopInput): Promise<Stopped> {
  const deadline = deadlineIn(LIMIT_MS, context.interrupted)
  const {owner, title, plane} =
    workspace === undefined ? await attachedHere(context) : await named(context, workspace, profile, deadline)
  await context.progress.step(`Stopping ${title}`, () => plane.stopWorkspace(owner.workspaceId, deadline))
  if (keep) return {owner, title, detached: []}
  const attachments = (await listAttachments(context.folders.state)).filter((one) => isOf(one, owner))
  for (const attachment of attachments) await removeAttachment(context.folders.state, attachment)
  await dropSession(context.folders.state, owner, deadline)
  return {owner, title, detached: attachments.map(({tree}) => tree)}
}

/** Whether an attachment is of this very workspace. */
export const isOf = (attachment: Attachment, owner: SessionOwner): boolean =>
  attachment.account === owner.account &&
  attachment.origin === owner.origin &&
  attachment.workspaceId === owner.workspaceId

interface Target extends Pick<Stopped, 'owner' | 'title'> {
  readonly plane: ControlPlane
}

const named = async (
  context: Context,
  name: string,
  profile: string | undefined,
  deadline: Deadline,
): Promise<Target> => {
  const {account, origin, workspace, plane} = await resolveWorkspace(context, name, profile, deadline)
  return {owner: {account: account.name, origin, workspaceId: workspace.id}, title: workspace.title, plane}
}

const attachedHere = async (context: Context): Promise<Target> => {
  const {cwd, home, folders} = context
  const attachment = await findAttachment(folders.state, cwd)
  if (attachment === undefined) throw new NotAttachedError(cwd, await listAttachments(folders.state))
  const {tree, title} = attachment
  if (tree === (await realpath(home)) && tree !== (await realpath(cwd))) throw new DefaultNotStoppedError(attachment)
  const owner = ownerOf(attachment)
  return {owner, title, plane: (await openAccountOf(context, owner)).plane}
}
