import {posix} from 'node:path'
import {AuthFailedError} from '../openssh/explain.ts'
import {startMasterInBackground} from '../openssh/master.ts'
import {parseRemoteWords} from '../remote-command/remote-words.ts'
import {type RemoteResult, runRemote} from '../remote-command/run-remote.ts'
import type {Session} from '../session/session.ts'
import {type ChosenWorkspace, chooseWorkspace} from './choose-workspace.ts'
import type {Context} from './context.ts'
import {sessionFor} from './session-for.ts'

export interface ExecInput {
  /** One word is a line for the login shell, several are an argv. */
  readonly words: readonly string[]
  readonly workspace: string | undefined
  readonly profile: string | undefined
  /** In HOME instead of the project directory. */
  readonly home: boolean
  /** A directory; a relative one is below the project directory, or below HOME with `home`. */
  readonly cwd: string | undefined
  readonly stdout: 'inherit' | ((chunk: Buffer) => void)
  readonly stderr: (chunk: Buffer) => void
}

export interface ExecResult {
  readonly session: Session
  readonly why: ChosenWorkspace['why']
  /** The command's own status, 128 + n where a signal ended it. */
  readonly exitCode: number
}

/** Runs one command on the chosen workspace, once. Throws where the status would not be the command's own. */
export async function exec(context: Context, input: ExecInput): Promise<ExecResult> {
  const words = parseRemoteWords(input.words)
  const chosen = await chooseWorkspace(context, input.workspace)
  const {profile, stdout, stderr} = input
  const {env, interrupted} = context
  const runOn = (session: Session): Promise<RemoteResult> =>
    runRemote({session, words, directory: directoryOf(session, input), env, stdout, stderr, interrupted})
  let {session, isReused} = await sessionFor(context, chosen, {profile})
  let result: RemoteResult
  try {
    result = await runOn(session)
  } catch (error) {
    // A gateway that was restarted has forgotten a key that looks good here. It let nobody in, so nothing has run.
    if (!(error instanceof AuthFailedError && isReused)) throw error
    session = (await sessionFor(context, chosen, {profile, force: true})).session
    result = await runOn(session)
  }
  if (!result.usedMaster) await prepareNext(context, session)
  return {session, why: chosen.why, exitCode: result.exitCode}
}

/** Opens a connection for the next command. Whatever becomes of it, this one has its status. */
const prepareNext = async (
  {env, interrupted}: Context,
  {configFile, alias, controlPath, folder}: Session,
): Promise<void> => {
  if (controlPath === undefined || interrupted.aborted) return
  await startMasterInBackground({configFile, alias, controlPath, folder, env}).catch(() => undefined)
}

/** Undefined means HOME; a relative directory with `home` stays relative, since a command begins in HOME. */
const directoryOf = ({workdir}: Session, {home, cwd}: ExecInput): string | undefined => {
  if (home || workdir === undefined) return cwd
  return cwd === undefined ? workdir : posix.resolve(workdir, cwd)
}
