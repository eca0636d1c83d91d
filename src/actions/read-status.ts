import type {Attachment} from '../attachment/attachment.ts'
import {findAttachment} from '../attachment/attachment.ts'
import {isMasterAlive} from '../openssh/master.ts'
import {remainingSeconds, type Session} from '../session/session.ts'
import {readCurrentSession} from '../session/session-store.ts'
import {ownerOf, ReplacedTreeError} from './choose-workspace.ts'
import type {Context} from './context.ts'

export interface Status {
  /** Undefined also where another directory was attached than the one that is here now. */
  readonly attachment: Attachment | undefined
  /** What RUNCODE_WORKSPACE names: it goes before what is attached. */
  readonly named: string | undefined
  readonly session: Session | undefined
  /** Zero where the pass is over or there is none. */
  readonly remainingSeconds: number
  readonly isMasterUp: boolean
}

/** What is attached here, and what its session is worth. Reads only this machine. */
export async function readStatus(context: Context): Promise<Status> {
  const {state} = context.folders
  const found = await findAttachment(state, context.cwd)
  if (found?.isReplaced === true) context.warn(new ReplacedTreeError(found).message)
  const attachment = found?.isReplaced === true ? undefined : found
  const session = attachment === undefined ? undefined : await readCurrentSession(state, ownerOf(attachment))
  return {
    attachment,
    named: context.env['RUNCODE_WORKSPACE'] || undefined,
    session,
    remainingSeconds: session === undefined ? 0 : Math.max(0, remainingSeconds(session, context.now())),
    isMasterUp: session?.controlPath !== undefined && (await isMasterAlive(session.controlPath)),
  }
}
