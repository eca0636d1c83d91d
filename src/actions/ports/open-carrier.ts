import {deadlineIn, pause} from '../../core/deadline.ts'
import {randomHex} from '../../core/random-hex.ts'
import {type Carrier, createCarrier} from '../../forward/carrier.ts'
import {chooseEntrances, isThere, listenerText, removeDeadEntrances, removeEntrances} from '../../forward/entrance.ts'
import type {PortSpec} from '../../forward/port-spec.ts'
import {ConnectionFailedError} from '../../openssh/explain.ts'
import {refusalIn, startForwarder} from '../../openssh/forwarder.ts'
import type {Session} from '../../session/session.ts'
import type {Context} from '../context.ts'
import {sshRoute} from '../ssh-route.ts'

/** For ssh to connect; with what a pass takes, it is longer than a connection waits. */
const CONNECT_LIMIT_MS = 20_000
/** For ssh to listen when it was let in. */
const LISTEN_LIMIT_MS = 2000
const LOOK_MS = 10

/** Starts an ssh that forwards these ports to the workspace of a session. */
export async function openCarrier(
  context: Context,
  session: Session,
  ports: readonly PortSpec[],
  onRefused: (reason: string) => void,
): Promise<Carrier> {
  const {configFile, alias, host, folder, account} = session
  const {env, folders, interrupted} = context
  const entrances = await chooseEntrances(ports.length, folders.sockets, `${folder} ${randomHex(8)}`)
  await removeDeadEntrances(entrances[0])
  const forwards = ports.flatMap((port, at) => {
    const entrance = entrances[at]
    return entrance === undefined ? [] : ['-L', `${listenerText(entrance)}:${targetText(port)}`]
  })
  const route = await sshRoute(context, account)
  const onLine = (line: string): void => {
    const reason = refusalIn(line)
    if (reason !== undefined) onRefused(reason)
  }
  const options = {configFile, alias, host, folder, forwards, env, route, onLine}
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
