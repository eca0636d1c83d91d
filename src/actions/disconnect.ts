import {findAttachment, listAttachments} from '../attachment/attachment.ts'
import {removeAttachment} from '../attachment/change-attachments.ts'
import {isOnlyDefault} from '../attachment/place.ts'
import {deadlineIn} from '../core/deadline.ts'
import {dropSession} from '../session/drop-session.ts'
import type {SessionOwner} from '../session/session.ts'
import {factsOf, NotAttachedError, ownerOf, telling} from './choose-workspace.ts'
import type {Context} from './context.ts'
import {endForwards} from './ports/end-forwards.ts'
import {isOf, OnlyDefaultError} from './stop-workspace.ts'

const LIMIT_MS = 10_000

export interface DisconnectInput {
  /** Leave the session and its master as they are. */
  readonly keep: boolean
  /** Detach every place of this workspace, not only this one. */
  readonly all: boolean
}

export interface Disconnected {
  readonly owner: SessionOwner
  readonly title: string
  readonly detached: readonly string[]
  readonly isSessionDropped: boolean
}

/**
 * Detaches this place; the workspace itself goes on running. Its session, its master and what forwards its ports go with
 * the last place that is attached to it. What is only the default of this place is another place's.
 */
export async function disconnect(context: Context, {keep, all}: DisconnectInput): Promise<Disconnected> {
  const {state} = context.folders
  const here = await findAttachment(state, context.cwd)
  const every = await listAttachments(state)
  if (here === undefined) throw new NotAttachedError(context.cwd, every)
  return telling(factsOf({why: 'attachment', attachment: here}), async () => {
    if (await isOnlyDefault(here.tree, context)) throw new OnlyDefaultError(here, 'runcode disconnect')
    const owner = ownerOf(here)
    const same = every.filter((one) => isOf(one, owner))
    const detached = all ? same : [here]
    const isLast = detached.length === same.length
    if (isLast && !keep) await endForwards(context, owner, 'disconnected')
    // The place goes last: where this is cut off, the same command finishes it.
    const isSessionDropped =
      isLast && !keep && (await dropSession(state, owner, deadlineIn(LIMIT_MS, context.interrupted)))
    for (const attachment of detached) await removeAttachment(state, attachment)
    return {owner, title: here.title, detached: detached.map(({tree}) => tree), isSessionDropped}
  })
}
