import {type Attachment, listAttachments} from '../attachment/attachment.ts'
import {removeAttachment} from '../attachment/change-attachments.ts'
import {isOnlyDefault} from '../attachment/place.ts'
import {type Deadline, deadlineIn} from '../core/deadline.ts'
import {RuncodeError} from '../core/errors.ts'
import {dropSession} from '../session/drop-session.ts'
import {forgetManagedPass} from '../session/managed-session.ts'
import type {SessionOwner} from '../session/session.ts'
import {askingFor, type ChosenWorkspace, type Naming, ownerOf, telling, withWorkspace} from './choose-workspace.ts'
import type {Context} from './context.ts'
import {factsOfFound, openAccountOf, resolveWorkspace} from './open-account.ts'
import {endForwards, forwardsTo, removeLogs} from './ports/end-forwards.ts'

const LIMIT_MS = 60_000

/** Without a name the command would hit the default of the whole home directory. */
export class OnlyDefaultError extends RuncodeError {
  constructor({title, tree}: Attachment, command: 'runcode stop' | 'runcode disconnect') {
    super(`This place has no workspace of its own; "${title}" is only the default of ${tree} and all below it.`, {
      code: 'not_attached',
      hint: `If you mean it, go to ${tree} and run there: ${command}`,
      facts: {default: title, attached_to: tree},
    })
  }
}

export interface StopInput extends Naming {
  /** Keep attachments and session. */
  readonly keep: boolean
}

export interface Stopped {
  readonly owner: SessionOwner
  readonly title: string
  readonly why: ChosenWorkspace['why']
  /** The trees that were detached. */
  readonly detached: readonly string[]
}

/**
 * Powers a workspace off, and ends what forwards its ports: the named one, else what is chosen for this place, but never what is only its default. Unless
 * `keep`, every place attached to it is detached and its session dropped.
 */
export async function stopWorkspace(context: Context, input: StopInput): Promise<Stopped> {
  const deadline = deadlineIn(LIMIT_MS, context.interrupted)
  return withWorkspace(context, input, async (chosen) => {
    const {owner, title, stop} = await targetOf(context, chosen, deadline)
    const forwards = await forwardsTo(context, owner)
    await context.progress.step(`Stopping ${title}`, stop)
    await endForwards(context, owner, 'stopped')
    // Some may have seen by themselves that it stopped.
    await removeLogs(context, forwards)
    await forgetManagedPass(context.folders.state, owner)
    const {why} = chosen
    if (input.keep) return {owner, title, why, detached: []}
    const attachments = (await listAttachments(context.folders.state)).filter((one) => isOf(one, owner))
    await dropSession(context.folders.state, owner, deadline)
    for (const attachment of attachments) await removeAttachment(context.folders.state, attachment)
    return {owner, title, why, detached: attachments.map(({tree}) => tree)}
  })
}

/** Whether an attachment is of this very workspace. */
export const isOf = (attachment: Attachment, owner: SessionOwner): boolean =>
  attachment.account === owner.account &&
  attachment.origin === owner.origin &&
  attachment.workspaceId === owner.workspaceId

interface Target extends Pick<Stopped, 'owner' | 'title'> {
  stop(): Promise<void>
}

const targetOf = async (context: Context, chosen: ChosenWorkspace, deadline: Deadline): Promise<Target> => {
  if (chosen.why === 'attachment') {
    const {attachment} = chosen
    if (await isOnlyDefault(attachment.tree, context)) throw new OnlyDefaultError(attachment, 'runcode stop')
    const owner = ownerOf(attachment)
    const {plane} = await openAccountOf(context, owner)
    const stop = (): Promise<void> => askingFor(attachment, () => plane.stopWorkspace(owner.workspaceId, deadline))
    return {owner, title: attachment.title, stop}
  }
  const found = await resolveWorkspace(context, chosen, deadline)
  const {account, origin, workspace, plane} = found
  const stop = (): Promise<void> => telling(factsOfFound(found), () => plane.stopWorkspace(workspace.id, deadline))
  return {owner: {account: account.name, origin, workspaceId: workspace.id}, title: workspace.title, stop}
}
