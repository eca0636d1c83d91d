import {join, posix} from 'node:path'
import {type Facts, RuncodeError, systemCode} from '../core/errors.ts'
import {readIfThere} from '../core/files.ts'
import {AuthFailedError} from '../openssh/explain.ts'
import {startMasterInBackground} from '../openssh/master.ts'
import type {Route} from '../openssh/route.ts'
import type {Sink} from '../remote-command/pass-on.ts'
import type {RemoteWords} from '../remote-command/remote-words.ts'
import {
  ConnectionLostError,
  NoDirectoryError,
  NoProgramError,
  NoTerminalError,
  type RemoteResult,
  runRemote,
  UnexplainedEndError,
} from '../remote-command/run-remote.ts'
import type {Session} from '../session/session.ts'
import {unlessEnded} from '../session/session-ended.ts'
import {type ChosenWorkspace, type Naming, telling, withWorkspace} from './choose-workspace.ts'
import type {Context} from './context.ts'
import {renewSession, sessionFor} from './session-for.ts'

export interface ExecInput extends Naming {
  readonly words: RemoteWords
  /** In HOME instead of the project directory. */
  readonly home: boolean
  /** A directory; a relative one is below the project directory, or below HOME with `home`. */
  readonly cwd: string | undefined
  /** Names and values that are added to the command's environment. */
  readonly variables: readonly (readonly [string, string])[]
  /** With the environment that a login shell makes. */
  readonly isLogin: boolean
  /** With a terminal on the workspace. */
  readonly hasTerminal: boolean
  readonly stdin: 'inherit' | 'ignore'
  readonly stdout: Sink
  readonly stderr: Sink
  /** The longest that the command may run. */
  readonly timeoutSeconds: number | undefined
}

/** How far a run came: `lost` where the connection broke while the command may have run. */
export type RunPhase = 'resolve' | 'mint' | 'connect' | 'auth' | 'run' | 'lost'

/** What is known of a run at its end, whichever way it ended. */
export interface RunTrace {
  phase: RunPhase
  /** Whether the command began; null where nobody can tell. */
  started: boolean | null
}

export interface ExecResult {
  readonly session: Session
  readonly chosen: ChosenWorkspace
  readonly result: RemoteResult
}

/**
 * Runs one command on the chosen workspace, once. Throws where the status would not be the command's own, with the trace
 * among the facts of the failure.
 */
export async function exec(context: Context, input: ExecInput, trace: RunTrace): Promise<ExecResult> {
  try {
    return await withWorkspace(context, input, async (chosen) => {
      const {session, result} = await runOn(context, chosen, input, trace)
      if (!result.usedMaster) await prepareNext(context, session)
      return {session, chosen, result}
    })
  } catch (error) {
    if (error instanceof RuncodeError) error.tell(traceFacts(trace))
    throw error
  }
}

/** A trace in the words of our JSON. Safe to be tried again is only what never began. */
export const traceFacts = ({phase, started}: RunTrace): Facts => ({phase, started, retry_safe: started === false})

const runOn = async (
  context: Context,
  chosen: ChosenWorkspace,
  input: ExecInput,
  trace: RunTrace,
): Promise<{session: Session; result: RemoteResult}> => {
  const {words, variables, isLogin, hasTerminal, stdin, stdout, stderr, timeoutSeconds} = input
  const {env, interrupted} = context
  const attempt = (session: Session): Promise<{session: Session; result: RemoteResult}> =>
    unlessEnded(session, async () => {
      const task = {words, directory: directoryOf(session, input), variables, isLogin}
      const route = (): Promise<Route> => routeTo(context, session)
      const run = {session, route, task, hasTerminal, stdin, stdout, stderr, timeoutSeconds, env, interrupted}
      return {session, result: await tracing(trace, () => runRemote(run))}
    })
  const {session, isReused} = await sessionFor(context, chosen, () => {
    trace.phase = 'mint'
  })
  const {workspaceId: id, title, account} = session
  return telling({workspace: {id, title}, profile: account}, async () => {
    try {
      return await attempt(session)
    } catch (error) {
      // A gateway that was restarted has forgotten a key that looks good here. It let nobody in, so nothing has run.
      if (!(error instanceof AuthFailedError && isReused)) throw error
      trace.phase = 'mint'
      return attempt(await renewSession(context, chosen, session))
    }
  })
}

/** Keeps the trace of a run over ssh. */
const tracing = async (trace: RunTrace, run: () => Promise<RemoteResult>): Promise<RemoteResult> => {
  Object.assign(trace, {phase: 'connect', started: null})
  try {
    const result = await run()
    Object.assign(trace, {phase: 'run', started: result.hasBegun || null})
    return result
  } catch (error) {
    if (error instanceof ConnectionLostError) Object.assign(trace, {phase: 'lost', started: error.hasBegun || null})
    else if (error instanceof AuthFailedError) Object.assign(trace, {phase: 'auth', started: false})
    else if (systemCode(error) === 'ENOENT') trace.started = false
    else if (error instanceof RuncodeError) trace.started = error instanceof UnexplainedEndError ? null : false
    if ([NoDirectoryError, NoProgramError, NoTerminalError].some((kind) => error instanceof kind)) trace.phase = 'run'
    throw error
  }
}

/** Opens a connection for the next command. Whatever becomes of it, this one has its status. */
export const prepareNext = async (context: Context, session: Session): Promise<void> => {
  const {env, interrupted, now} = context
  const {configFile, alias, controlPath, folder} = session
  if (controlPath === undefined || interrupted.aborted) return
  const {sleptSeconds} = now()
  const start = async (): Promise<void> => {
    const route = await routeTo(context, session)
    await startMasterInBackground({configFile, alias, controlPath, folder, sleptSeconds, env, route})
  }
  await start().catch(() => undefined)
}

/**
 * Only a connection of its own needs the profile, and most name no proxy: what reads profiles is loaded where such a word is
 * in their file, or one that may be spelt in escapes. It takes as long as the rest of us.
 */
export const routeTo = async (context: Context, {account}: Session): Promise<Route> => {
  const profiles = (await readIfThere(join(context.folders.config, 'profiles.json'))) ?? ''
  return /ssh_proxy|\\/.test(profiles) ? (await import('./ssh-route.ts')).sshRoute(context, account) : []
}

/** Undefined means HOME; a relative directory with `home` stays relative, since a command begins in HOME. */
const directoryOf = ({workdir}: Session, {home, cwd}: Pick<ExecInput, 'home' | 'cwd'>): string | undefined => {
  if (home || workdir === undefined) return cwd
  return cwd === undefined ? workdir : posix.resolve(workdir, cwd)
}
