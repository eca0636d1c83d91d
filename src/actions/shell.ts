import {AuthFailedError} from '../openssh/explain.ts'
import {runShell} from '../remote-command/run-shell.ts'
import type {Session} from '../session/session.ts'
import {unlessEnded} from '../session/session-ended.ts'
import {named} from './choose-workspace.ts'
import type {Context} from './context.ts'
import {renewSession, sessionFor} from './session-for.ts'

export interface ShellInput {
  readonly workspace: string
  readonly profile: string | undefined
  /** Takes what ssh and the gateway say on the way, printable. */
  readonly say: (text: string) => void
}

/** An interactive shell on a named workspace. Gives its status; throws where none was opened. */
export async function shell(context: Context, {workspace, profile, say}: ShellInput): Promise<number> {
  const {env} = context
  const chosen = named(workspace, profile)
  const attempt = (session: Session): Promise<number> => unlessEnded(session, () => runShell({session, env, say}))
  const {session, isReused} = await sessionFor(context, chosen)
  try {
    return await attempt(session)
  } catch (error) {
    // As for exec: a gateway that was restarted has forgotten a key that looks good here.
    if (!(error instanceof AuthFailedError && isReused)) throw error
    return attempt(await renewSession(context, chosen, session))
  }
}
