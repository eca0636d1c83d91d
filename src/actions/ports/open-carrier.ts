import {deadlineIn, pause} from '../../core/deadline.ts'
import {randomHex} from '../../core/random-hex.ts'
import {type Carrier, createCarrier} from '../../forward/carrier.ts'
import {chooseEntrances, isThere, listenerText, removeDeadEntrances, removeEntrances} from '../../forward/entrance.ts'
import type {PortSpec} from '../../forward/port-spec.ts'
import {AuthFailedError, ConnectionFailedError} from '../../openssh/explain.ts'
import {startForwarder} from '../../openssh/forwarder.ts'
import {isFresh, type Session} from '../../session/session.ts'
import {SessionEndedError, unlessEnded} from '../../session/session-ended.ts'
import type {ChosenWorkspace} from '../choose-workspace.ts'
import type {Context} from '../context.ts'
import {type FoundSession, renewSession, sessionFor} from '../session-for.ts'
import {sshRoute} from '../ssh-route.ts'

/** For ssh to connect; with what a pass takes, it is longer than a connection waits. */
const CONNECT_LIMIT_MS = 20_000
/** For ssh to listen when it was let in. */
const LISTEN_LIMIT_MS = 2000
const LOOK_MS = 10

export interface OpenedCarrier {
  readonly carrier: Carrier
  readonly session: Session
}

/**
 * Starts an ssh that forwards these ports of a chosen workspace; `last`: the session of the one before, whose workspace it
 * must be. A pass is taken where none is good, and another one where the gateway does not know it any more.
 */
export async function openCarrier(
  context: Context,
  chosen: ChosenWorkspace,
  ports: readonly PortSpec[],
  last: Session | undefined,
  onRefused: (reason: string) => void,
): Promise<OpenedCarrier> {
  const {session, isReused} = await passFor(context, chosen, last)
  const connect = async (by: Session): Promise<OpenedCarrier> => ({
    session: by,
    carrier: await unlessEnded(by, () => start(context, by, ports, onRefused)),
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

const start = async (
  context: Context,
  session: Session,
  ports: readonly PortSpec[],
  onRefused: (reason: string) => void,
): Promise<Carrier> => {
  const {configFile, alias, host, folder, account} = session
  const {env, folders, interrupted} = context
  const entrances = await chooseEntrances(ports.length, folders.sockets, `${folder} ${randomHex(8)}`)
  await removeDeadEntrances(entrances[0])
  const forwards = ports.flatMap((port, at) => {
    const entrance = entrances[at]
    return entrance === undefined ? [] : [`${listenerText(entrance)}:${targetText(port)}`]
  })
  const route = await sshRoute(context, account)
  const options = {configFile, alias, host, folder, forwards, env, route, onRefused}
  const forwarder = await startForwarder(options, deadlineIn(CONNECT_LIMIT_MS, interrupted))
  void forwarder.gone.then(() => removeEntrances(entrances))
  const deadline = deadlineIn(LISTEN_LIMIT_MS, interrupted)
  while (!entrances.every(isThere)) {
    if (forwarder.isGone()) throw new ConnectionFailedError(host, await forwarder.gone).quote(forwarder.said())
    if (deadline.signal.aborted) {
      forwarder.end()
      throw new ConnectionFailedError(host, 'ssh does not listen').quote(forwarder.said())
    }
    await pause(LOOK_MS, deadline.signal)
  }
  return createCarrier(forwarder, entrances)
}

const targetText = ({host, remote}: PortSpec): string => `${host.includes(':') ? `[${host}]` : host}:${remote}`
