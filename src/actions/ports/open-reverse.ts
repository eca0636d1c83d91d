import {deadlineIn} from '../../core/deadline.ts'
import type {PortSpec} from '../../forward/port-spec.ts'
import {localhostName} from '../../network/localhost.ts'
import type {Forwarder} from '../../openssh/forwarder.ts'
import {startReverseForwarder} from '../../openssh/reverse-forwarder.ts'
import type {Session} from '../../session/session.ts'
import type {Context} from '../context.ts'
import {sshRoute} from '../ssh-route.ts'

/** For ssh to connect, and for the gateway to listen. */
const LIMIT_MS = 20_000

/** Starts an ssh that lets a port of the workspace of a session lead here. Throws ReverseRefusedError among others. */
export async function openReverse(
  context: Context,
  session: Session,
  port: PortSpec,
  onRefused: (reason: string) => void,
): Promise<Forwarder> {
  const {configFile, alias, host, folder, account} = session
  const [route, target] = await Promise.all([sshRoute(context, account), localhostName()])
  const options = {configFile, alias, host, folder, env: context.env, route, port, target, onRefused}
  return startReverseForwarder(options, deadlineIn(LIMIT_MS, context.interrupted))
}
