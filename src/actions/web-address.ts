import {RuncodeError} from '../core/errors.ts'
import type {Session} from '../session/session.ts'
import {named} from './choose-workspace.ts'
import type {Context} from './context.ts'
import {sessionFor} from './session-for.ts'

/** The control plane gave no web address for the workspace. */
export class NoWebAddressError extends RuncodeError {
  constructor({workspaceId, title, account}: Session) {
    super(`The control plane gives no web address for "${title}".`, {
      code: 'no_web_address',
      hint: `It can be reached by SSH: runcode ssh ${workspaceId} --profile ${account}`,
      facts: {workspace: {id: workspaceId, title}, profile: account, chosen_by: 'flag'},
    })
  }
}

export interface WebAddress {
  readonly session: Session
  /** https; it holds no token. */
  readonly webUrl: string
}

/** The address of a workspace in a browser. */
export async function webAddress(
  context: Context,
  {workspace, profile}: {workspace: string; profile: string | undefined},
): Promise<WebAddress> {
  const {session} = await sessionFor(context, named(workspace, profile))
  const {webUrl} = session
  if (webUrl === undefined) throw new NoWebAddressError(session)
  return {session, webUrl}
}
