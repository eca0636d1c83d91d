import type {Attachment} from '../attachment/attachment.ts'
import {findAttachment} from '../attachment/attachment.ts'
import {isMasterAlive} from '../openssh/master.ts'
import {remainingSeconds, type Session} from '../session/session.ts'
import {readCurrentSession} from '../session/session-store.ts'
import {ownerOf} from './choose-workspace.ts'
import type {Context} from './context.ts'

export interface Status {
  readonly attachment: Attachment | undefined
  readonly session: Session | undefined
  /** Zero where the pass is over or there is none. */
  readonly remainingSeconds: number
  readonly isMasterUp: boolean
}

/** What is attached here, and what its session is worth. Reads only this machine. */
export async function readStatus(context: Context): Promise<Status> {
  const attachment = await findAttachment(context.folders.state, context.cwd)
  const session =
    attachment === undefined ? undefined : await readCurrentSession(context.folders.state, ownerOf(attachment))
  return {
    attachment,
    session,
    remainingSeconds: session === undefined ? 0 : Math.max(0, remainingSeconds(session, context.now())),
    isMasterUp: session?.controlPath !== undefined && (await isMasterAlive(session.controlPath)),
  }
}
