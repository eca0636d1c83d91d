import {AuthFailedError} from '../../openssh/explain.ts'
import {isFresh, type Session} from '../../session/session.ts'
import {SessionEndedError, unlessEnded} from '../../session/session-ended.ts'
import type {ChosenWorkspace} from '../choose-workspace.ts'
import type {Context} from '../context.ts'
import {type FoundSession, renewSession, sessionFor} from '../session-for.ts'

/** What was connected, and by which pass. */
export interface Connected<T> {
  readonly connection: T
  readonly session: Session
}

/**
 * Connects to a chosen workspace; `last`: the session of the one before, whose workspace it must be. A pass is taken where
 * none is good, and another one where the gateway does not know it any more.
 */
export async function connectByPass<T>(
  context: Context,
  chosen: ChosenWorkspace,
  last: Session | undefined,
  start: (session: Session) => Promise<T>,
): Promise<Connected<T>> {
  const {session, isReused} = await passFor(context, chosen, last)
  const connect = async (by: Session): Promise<Connected<T>> => ({
    session: by,
    connection: await unlessEnded(by, () => start(by)),
  })
  try {
    return await connect(session)
  } catch (error) {
    // A gateway that was restarted has forgotten a key that looks good here; and a disconnect takes the pass away.
    if (!(isReused && (error instanceof AuthFailedError || error instanceof SessionEndedError))) throw error
    return connect(await renewSession(context, chosen, session))
  }
}

const passFor = async (context: Context, chosen: ChosenWorkspace, last: Session | undefined): Promise<FoundSession> => {
  if (last === undefined) return sessionFor(context, chosen)
  if (isFresh(last, context.now())) return {session: last, isReused: true}
  return {session: await renewSession(context, chosen, last), isReused: false}
}
