import {deadlineIn} from '../core/deadline.ts'
import {connectGateway} from '../network/connect-gateway.ts'
import {greetingOf} from '../network/greeting.ts'
import {NOT_CONNECTED} from './attachment-check.ts'
import type {Check} from './check.ts'

const LIMIT_MS = 8000

/** The gateway of the session at hand answers, by the way that ssh goes; nobody logs in. */
export const gatewayCheck: Check = {
  name: 'gateway',
  group: 'Workspace here',
  about: 'the gateway of what is attached answers as SSH, by the way that ssh goes',
  examine: async ({findSession, findAccount}) => {
    const session = await findSession().catch(() => undefined)
    if (session === undefined) {
      const own = (await findAccount().catch(() => undefined))?.sshProxy
      const way = own === undefined ? '' : `; SSH goes${wayOf(own)}`
      return {status: 'skip', detail: `${NOT_CONNECTED}${way}`}
    }
    const {host, port, sshProxy} = session
    const deadline = deadlineIn(LIMIT_MS, new AbortController().signal)
    const greeting = await greetingOf(await connectGateway({host, port, sshProxy}, deadline), deadline)
    const there = `${host} port ${port}`
    if (greeting !== undefined) return {status: 'ok', detail: `${there} answers (${greeting})${wayOf(sshProxy)}`}
    return {
      status: 'fail',
      detail: `what answers at ${there} speaks no SSH, or is silent${wayOf(sshProxy)}`,
      hint: 'The workspace may just be starting; else ask whoever runs the gateway, or the proxy.',
    }
  },
}

/** The user and the password of a proxy are nobody's to read. */
const wayOf = (proxy: URL | undefined): string =>
  proxy === undefined ? '' : ` by way of the ssh_proxy ${proxy.host} of the profile`
