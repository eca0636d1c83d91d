import {runShell} from '../remote-command/run-shell.ts'
import {named} from './choose-workspace.ts'
import type {Context} from './context.ts'
import {sessionFor} from './session-for.ts'

/** An interactive shell on a named workspace. Gives its status. */
export async function shell(
  context: Context,
  {workspace, profile}: {workspace: string; profile: string | undefined},
): Promise<number> {
  const {session} = await sessionFor(context, named(workspace, profile))
  return runShell(session, session.workdir, context.env)
}
