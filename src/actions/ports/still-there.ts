import {deadlineIn} from '../../core/deadline.ts'
import {RuncodeError} from '../../core/errors.ts'
import type {Session} from '../../session/session.ts'
import type {Context} from '../context.ts'
import {openAccountOf} from '../open-account.ts'

const LIMIT_MS = 10_000

/** The workspace whose ports were forwarded was stopped. */
export class WorkspaceStoppedError extends RuncodeError {
  constructor({title, workspaceId}: Pick<Session, 'title' | 'workspaceId'>) {
    super(`The workspace "${title}" was stopped: nothing is forwarded any more.`, {
      code: 'workspace_stopped',
      hint: `Start it (runcode start ${workspaceId}), then forward again.`,
      facts: {workspace: {id: workspaceId, title}},
    })
  }
}

/**
 * Whether the control plane calls the workspace of a session stopped, or on its way there. No pass is taken and nothing
 * woken; where nothing can be heard the answer is no.
 */
export async function isStopped(context: Context, session: Session): Promise<boolean> {
  try {
    const {plane} = await openAccountOf(context, session)
    const all = await plane.listWorkspaces(deadlineIn(LIMIT_MS, context.interrupted))
    return /^stop(?:ped|ping)$/.test(all.find(({id}) => id === session.workspaceId)?.state ?? '')
  } catch {
    return false
  }
}
