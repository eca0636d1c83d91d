import {posix} from 'node:path'
import {AuthFailedError} from '../openssh/explain.ts'
import {startMasterInBackground} from '../openssh/master.ts'
import {parseRemoteWords, type RemoteWords} from '../remote-command/remote-words.ts'
import {type RemoteResult, runRemote} from '../remote-command/run-remote.ts'
import type {Session} from '../session/session.ts'
import {unlessEnded} from '../session/session-ended.ts'
import {type ChosenWorkspace, type Naming, telling, withWorkspace} from './choose-workspace.ts'
import type {Context} from './context.ts'
import {renewSession, sessionFor} from './session-for.ts'

export interface ExecInput extends Naming {
  /** One word is a line for the login shell, several are an argv. */
  readonly words: readonly string[]
  /** In HOME instead of the project directory. */
  readonly home: boolean
  /** A directory; a relative one is below the project directory, or below HOME with `home`. */
  readonly cwd: string | undefined
  readonly stdout: 'inherit' | ((chunk: Buffer) => void)
  readonly stderr: (chunk: Buffer) => void
}

export interface ExecResult {
  readonly session: Session
  readonly chosen: ChosenWorkspace
  /** The command's own status, 128 + n where a signal ended it. */
  readonly exitCode: number
}

/** Runs one command on the chosen workspace, once. Throws where the status would not be the command's own. */
export async function exec(context: Context, input: ExecInput): Promise<ExecResult> {
  const words = parseRemoteWords(input.words)
  return withWorkspace(context, input, async (chosen) => {
    const {session, result} = await runOn(context, chosen, {...input, words})
    if (!result.usedMaster) await prepareNext(context, session)
    return {session, chosen, exitCode: result.exitCode}
  })
}

const runOn = async (
  context: Context,
  chosen: ChosenWorkspace,
  input: Omit<ExecInput, 'words'> & {readonly words: RemoteWords},
): Promise<{session: Session; result: RemoteResult}> => {
  const {words, stdout, stderr} = input
  const {env, interrupted} = context
  const attempt = (session: Session): Promise<{session: Session; result: RemoteResult}> =>
    unlessEnded(session, async () => {
      const directory = directoryOf(session, input)
      return {session, result: await runRemote({session, words, directory, env, stdout, stderr, interrupted})}
    })
  const {session, isReused} = await sessionFor(context, chosen)
  const {workspaceId: id, title, account} = session
  return telling({workspace: {id, title}, profile: account}, async () => {
    try {
      return await attempt(session)
    } catch (error) {
      // A gateway that was restarted has forgotten a key that looks good here. It let nobody in, so nothing has run.
      if (!(error instanceof AuthFailedError && isReused)) throw error
      return attempt(await renewSession(context, chosen, session))
    }
  })
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
const directoryOf = ({workdir}: Session, {home, cwd}: Pick<ExecInput, 'home' | 'cwd'>): string | undefined => {
  if (home || workdir === undefined) return cwd
  return cwd === undefined ? workdir : posix.resolve(workdir, cwd)
}
