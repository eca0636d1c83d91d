import {AuthFailedError} from '../../openssh/explain.ts'
import {ConnectionLostError, runRemote} from '../../remote-command/run-remote.ts'
import {isFresh, type Session} from '../../session/session.ts'
import {unlessEnded} from '../../session/session-ended.ts'
import type {Far, FarRun} from '../../transfer/far.ts'
import {TransferLostError} from '../../transfer/refusals.ts'
import {type ChosenWorkspace, type Naming, telling, withWorkspace} from '../choose-workspace.ts'
import type {Context} from '../context.ts'
import {prepareNext, routeTo} from '../exec.ts'
import {renewSession, sessionFor} from '../session-for.ts'

/** Which workspace it was, and why that one. */
export interface Place {
  readonly session: Session
  readonly chosen: ChosenWorkspace
}

/** Does work on the chosen workspace, in its project directory; the connection, and the pass where it ends meanwhile, are seen to. */
export async function withFarSide<T>(
  context: Context,
  naming: Naming,
  hint: string,
  work: (far: Far) => Promise<T>,
): Promise<T & Place> {
  return withWorkspace(context, naming, async (chosen) => {
    let {session} = await sessionFor(context, chosen)
    const renew = async (): Promise<void> => {
      session = await renewSession(context, chosen, session)
    }
    const run = async (far: FarRun): ReturnType<Far['run']> => {
      if (!isFresh(session, context.now())) await renew()
      try {
        return await runOn(context, session, far, hint)
      } catch (error) {
        // A gateway that was restarted has forgotten a key that looks good here. It let nobody in, so nothing has run.
        if (!(error instanceof AuthFailedError)) throw error
        await renew()
        return runOn(context, session, far, hint)
      }
    }
    const {workspaceId: id, title, account} = session
    return telling({workspace: {id, title}, profile: account}, async () => {
      const result = await work({run, streams: session.streams ?? 'bytes', warn: context.warn})
      return {...result, session, chosen}
    })
  })
}

const ON_STDERR = {saysOnStderr: true} as const

const runOn = (context: Context, session: Session, far: FarRun, hint: string) =>
  unlessEnded(session, async () => {
    const words = {kind: 'argv', argv: ['sh', '-c', far.script]} as const
    const {stdin, stdout, stderr, descriptor} = far
    try {
      const result = await runRemote({
        ...{session, stdin, stdout, stderr, descriptor, hasTerminal: false, timeoutSeconds: undefined},
        task: {
          words,
          directory: session.workdir,
          variables: [],
          isLogin: false,
          ...(descriptor === undefined ? {} : ON_STDERR),
        },
        route: () => routeTo(context, session),
        ...{env: context.env, interrupted: context.interrupted},
      })
      if (!result.usedMaster) await prepareNext(context, session)
      return result
    } catch (error) {
      throw error instanceof ConnectionLostError ? new TransferLostError(error.message, hint, error) : error
    }
  })
