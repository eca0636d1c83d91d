import {type Deadline, deadlineIn, pause} from '../core/deadline.ts'
import {formatDuration} from '../core/duration.ts'
import {RuncodeError} from '../core/errors.ts'
import {forgetManagedPass} from '../session/managed-session.ts'
import {isRunning, nameOf, type Workspace} from '../workspace/workspace.ts'
import {named, telling} from './choose-workspace.ts'
import type {Context} from './context.ts'
import {type FoundWorkspace, factsOfFound, resolveWorkspace} from './open-account.ts'

/** First look after this long; each later one after half as much again, up to the longest. */
const FIRST_LOOK_MS = 200
const LONGEST_LOOK_MS = 3000

/** The workspace did not come up in time. It may still be starting. */
export class NotReadyError extends RuncodeError {
  constructor(workspace: Workspace, what: string, waitedMs: number, lastFailure?: RuncodeError) {
    const waited = formatDuration(Math.round(waitedMs / 1000))
    const reason = lastFailure === undefined ? '.' : `: ${lastFailure.message}`
    super(`The workspace "${nameOf(workspace)}" ${what} after ${waited}${reason}`, {
      code: 'not_ready',
      hint: 'It may still be starting. Try again with a longer --timeout.',
      facts: {
        workspace_id: workspace.id,
        state: workspace.state,
        ...(lastFailure === undefined ? {} : {last_failure: lastFailure.code}),
      },
      cause: lastFailure,
    })
  }
}

/** A start is refused until it has stopped. */
const STOPPING = 'stopping'

/** Asks for a start, unless it runs; of one that is being stopped, when that is done. True where a start was asked for. */
export async function startIfStopped(
  found: FoundWorkspace,
  deadline: Deadline,
  say: (detail: string) => void,
): Promise<boolean> {
  const {plane, workspace} = found
  if (isRunning(workspace)) return false
  await look(found, deadline, {until: ({state}) => state !== STOPPING, what: 'is still being stopped', say})
  await plane.startWorkspace(workspace.id, deadline)
  return true
}

/**
 * Waits until the control plane calls the workspace running. One that no list shows has no state to wait for, so its
 * start is taken as done. Throws NotReadyError at the end of the deadline.
 */
export const waitUntilRunning = (
  found: FoundWorkspace,
  deadline: Deadline,
  say: (detail: string) => void,
): Promise<void> => look(found, deadline, {until: isRunning, what: 'is not running', say})

interface Look {
  readonly until: (workspace: Workspace) => boolean
  /** What it is where that did not come in time. */
  readonly what: string
  readonly say: (detail: string) => void
}

const look = async (found: FoundWorkspace, deadline: Deadline, {until, what, say}: Look): Promise<void> => {
  const began = performance.now()
  let {workspace} = found
  for (let waitMs = FIRST_LOOK_MS; !until(workspace); waitMs = Math.min(waitMs * 1.5, LONGEST_LOOK_MS)) {
    await pause(waitMs, deadline.signal)
    const state = workspace.state || 'state unknown'
    if (deadline.isOver()) throw new NotReadyError(workspace, `${what} (${state})`, performance.now() - began)
    const listed = (await found.plane.listWorkspaces(deadline)).find(({id}) => id === workspace.id)
    if (listed === undefined) return
    workspace = listed
    say(workspace.state)
  }
}

export interface StartOptions {
  readonly profile: string | undefined
  readonly wait: boolean
  readonly timeoutSeconds: number
}

/** Starts a workspace and, unless told not to, waits until it runs. */
export async function startWorkspace(
  context: Context,
  name: string,
  {profile, wait, timeoutSeconds}: StartOptions,
): Promise<{found: FoundWorkspace; wasStarted: boolean}> {
  const deadline = deadlineIn(timeoutSeconds * 1000, context.interrupted)
  const found = await resolveWorkspace(context, named(name, profile), deadline)
  const {account, workspace} = found
  const begin = async (say: (detail: string) => void): Promise<boolean> => {
    const wasStarted = await startIfStopped(found, deadline, say)
    // Who starts it may have forgotten the keys of before.
    if (wasStarted) await forgetManagedPass(context.folders.state, {account: account.name, workspaceId: workspace.id})
    return wasStarted
  }
  return telling(factsOfFound(found), async () => {
    if (!wait) return {found, wasStarted: await begin(() => undefined)}
    const wasStarted = await context.progress.step(`Starting ${nameOf(workspace)}`, async (say) => {
      const isNew = await begin(say)
      await waitUntilRunning(found, deadline, say)
      return isNew
    })
    return {found, wasStarted}
  })
}
