import type {Attachment} from '../attachment/attachment.ts'
import {writeAttachment} from '../attachment/change-attachments.ts'
import {bornAt, realPlace, treeOf} from '../attachment/place.ts'
import {type Deadline, deadlineIn, pause} from '../core/deadline.ts'
import {RuncodeError} from '../core/errors.ts'
import {readIfThere, removeWhole} from '../core/files.ts'
import {throwIfInterrupted} from '../core/interrupted.ts'
import {run} from '../core/process.ts'
import {AuthFailedError, ConnectionFailedError, explainSsh} from '../openssh/explain.ts'
import {logFileIn} from '../openssh/logs.ts'
import {retireSleptMaster, startMaster} from '../openssh/master.ts'
import {findProgram} from '../openssh/programs.ts'
import {routeArgs, routeEnvironment} from '../openssh/route.ts'
import type {OpenedSession} from '../session/open-session.ts'
import type {Session} from '../session/session.ts'
import {unlessEnded} from '../session/session-ended.ts'
import {isRunning, nameOf, type Workspace, wordFor} from '../workspace/workspace.ts'
import {named, telling} from './choose-workspace.ts'
import type {Context} from './context.ts'
import {repairEntries, warnOfStaleEntries} from './hosts/stale-entries.ts'
import {mintSession} from './mint-session.ts'
import {type FoundWorkspace, factsOfFound, prefixOf, resolveWorkspace} from './open-account.ts'
import {sshRoute} from './ssh-route.ts'
import {NotReadyError, startIfStopped, waitUntilRunning} from './start-workspace.ts'

/** Between two knocks at a gateway that does not answer yet. */
const KNOCK_MS = 1000

/** The workspace is stopped, and a connect starts nothing unless told to. */
export class StoppedWorkspaceError extends RuncodeError {
  constructor({workspace, account}: FoundWorkspace) {
    super(`The workspace "${nameOf(workspace)}" is ${workspace.state || 'in an unknown state'}.`, {
      code: 'conflict',
      hint: `Start it: runcode connect ${prefixOf(account)}${wordFor(workspace)} --start --wait`,
      facts: {workspace_id: workspace.id, state: workspace.state},
    })
  }
}

export interface ConnectOptions {
  readonly profile: string | undefined
  readonly start: boolean
  readonly wait: boolean
  readonly force: boolean
  /** Attach the home directory: the default for everything below it. */
  readonly asDefault: boolean
  readonly timeoutSeconds: number
  readonly ttlSeconds: number
}

export interface Connection {
  readonly workspace: Workspace
  readonly session: Session
  readonly attachment: Attachment
  readonly wasStarted: boolean
  readonly isReused: boolean
}

/**
 * Makes a workspace usable from here: starts it if told to, takes a pass, waits until SSH answers if told to, opens the
 * master, and attaches this place, in that order and only as far as each step succeeds. Which place that is, is settled
 * before.
 */
export async function connect(context: Context, name: string, options: ConnectOptions): Promise<Connection> {
  const deadline = deadlineIn(options.timeoutSeconds * 1000, context.interrupted)
  const {progress, home} = context
  const tree = options.asDefault ? await realPlace(home) : await treeOf(context.cwd, home)
  const place = {tree, born: await bornAt(tree)}
  const found = await progress.step(`Looking for ${name}`, () =>
    resolveWorkspace(context, named(name, options.profile), deadline),
  )
  return telling(factsOfFound(found), () => connectTo(context, found, {...options, place, deadline}))
}

interface ConnectTo extends ConnectOptions {
  readonly place: Pick<Attachment, 'tree' | 'born'>
  readonly deadline: Deadline
}

const connectTo = async (
  context: Context,
  found: FoundWorkspace,
  {place, deadline, ...options}: ConnectTo,
): Promise<Connection> => {
  const {workspace} = found
  const wasStarted = await startIfAllowed(context, found, options, deadline)
  const opened = await openConnection(context, found, options, {wasStarted, deadline})
  throwIfInterrupted(context.interrupted)
  const attachment: Attachment = {
    ...place,
    account: found.account.name,
    origin: found.origin,
    workspaceId: workspace.id,
    title: opened.session.title,
  }
  await writeAttachment(context.folders.state, attachment)
  await repairEntries(context, deadline)
  await warnOfStaleEntries(context, found.account.name, workspace)
  return {workspace, session: opened.session, attachment, wasStarted, isReused: opened.isReused}
}

/** A workspace whose state nobody told us may run: the mint will say. */
const startIfAllowed = async (
  context: Context,
  found: FoundWorkspace,
  {start}: ConnectOptions,
  deadline: Deadline,
): Promise<boolean> => {
  const {workspace} = found
  if (isRunning(workspace)) return false
  if (!start) {
    if (workspace.state === '') return false
    throw new StoppedWorkspaceError(found)
  }
  return context.progress.step(`Starting ${nameOf(workspace)}`, async (say) => {
    const wasStarted = await startIfStopped(found, deadline, say)
    await waitUntilRunning(found, deadline, say)
    return wasStarted
  })
}

interface Circumstances {
  readonly wasStarted: boolean
  readonly deadline: Deadline
}

/**
 * A pass and an open connection with it. After a start the keys of before may be gone from the gateway, so a pass of
 * before is not used; a gateway that was restarted elsewhere refuses one that looks good, and gets a new one, once.
 */
const openConnection = async (
  context: Context,
  found: FoundWorkspace,
  options: ConnectOptions,
  {wasStarted, deadline}: Circumstances,
): Promise<OpenedSession> => {
  const {account, origin, workspace, plane} = found
  const {ttlSeconds, wait} = options
  const owner = {account: account.name, origin, workspaceId: workspace.id}
  const take = (which: {force: boolean; refused?: Session}): Promise<OpenedSession> =>
    context.progress.step('Taking a pass', () =>
      mintSession(context, owner, plane, {ttlSeconds, ...which, deadline, title: workspace.title}),
    )
  const open = ({session, isReused}: OpenedSession): Promise<void> =>
    context.progress.step(wait ? 'Waiting for SSH to answer' : 'Connecting', () =>
      unlessEnded(session, () => knock(context, workspace, session, {wait, isReused, deadline})),
    )
  const opened = await take({force: options.force || wasStarted})
  try {
    await open(opened)
    return opened
  } catch (error) {
    if (!(error instanceof AuthFailedError && opened.isReused)) throw error
    const renewed = await take({force: false, refused: opened.session})
    await open(renewed)
    return renewed
  }
}

/**
 * Opens the master, which proves that SSH answers; where there can be none, a command that does nothing proves it. With
 * `wait` a gateway that does not answer yet, or does not know a new key yet, is asked again until the deadline. A wrong
 * host key never is, nor a key of before that it refuses.
 */
const knock = async (
  context: Context,
  workspace: Workspace,
  session: Session,
  {wait, isReused, deadline}: {wait: boolean; isReused: boolean; deadline: Deadline},
): Promise<void> => {
  const began = performance.now()
  for (;;) {
    const failure = await tryConnect(context, session, deadline)
    if (failure === undefined) return
    throwIfInterrupted(context.interrupted)
    const mayHeal = failure instanceof ConnectionFailedError || (failure instanceof AuthFailedError && !isReused)
    if (!wait || !mayHeal) throw failure
    if (deadline.remainingMs() < KNOCK_MS) {
      throw new NotReadyError(workspace, 'does not answer over SSH', performance.now() - began, failure)
    }
    await pause(KNOCK_MS, deadline.signal)
  }
}

const tryConnect = async (
  context: Context,
  session: Session,
  deadline: Deadline,
): Promise<RuncodeError | undefined> => {
  const {configFile, alias, controlPath, folder, host} = session
  const {env} = context
  const route = await sshRoute(context, session.account)
  if (controlPath !== undefined) {
    const {sleptSeconds} = context.now()
    await retireSleptMaster(session, sleptSeconds)
    const start = await startMaster({configFile, alias, controlPath, folder, sleptSeconds, env, route}, deadline)
    if (start.isUp) return undefined
    if (start.ending !== 'impossible') return explainSsh(start.stderr, host, start.ending)
  }
  const ssh = await findProgram('ssh', env)
  const limits = {timeoutMs: deadline.remainingMs(), signal: deadline.signal}
  const args = ['-F', configFile, '-o', 'ControlPath=none', ...routeArgs(route), alias, 'true']
  const logFile = logFileIn(folder)
  const {ending, stderr, timedOut} = await run(ssh, args, {env: routeEnvironment(env, route, logFile), ...limits})
  const said = `${(await readIfThere(logFile)) ?? ''}${stderr}`
  await removeWhole(logFile)
  if (ending.kind === 'exited' && ending.code === 0) return undefined
  return explainSsh(said, host, timedOut || deadline.signal.aborted ? 'timed out' : ending)
}
