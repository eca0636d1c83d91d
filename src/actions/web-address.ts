import {RuncodeError} from '../core/errors.ts'
import type {Context} from './context.ts'
import {sessionFor} from './session-for.ts'

/** The control plane gave no web address for the workspace. */
export class NoWebAddressError extends RuncodeError {
  constructor(title: string) {
    super(`The control plane gives no web address for "${title}".`, {
      code: 'no_web_address',
      hint: `It can be reached by SSH: runcode ssh ${title}`,
    })
  }
}

/** The https address of a workspace in a browser; it holds no token. */
export async function webAddress(
  context: Context,
  {workspace, profile}: {workspace: string; profile: string | undefined},
): Promise<string> {
  const {session} = await sessionFor(context, {why: 'flag', name: workspace}, {profile})
  const {webUrl, title} = session
  if (webUrl === undefined) throw new NoWebAddressError(title)
  return webUrl
}
