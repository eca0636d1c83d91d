import {run} from '../core/process.ts'
import {explainRefusal, HostKeyChangedError} from '../openssh/explain.ts'
import {lastLine} from '../openssh/openssh-failed.ts'
import {findOnPath} from '../openssh/programs.ts'
import {routeArgs, routeEnvironment} from '../openssh/route.ts'
import {NOT_CONNECTED} from './attachment-check.ts'
import type {Check} from './check.ts'

const LIMIT_MS = 10_000
/** As far as the host key and no further: no master, and no key of ours is offered. */
const NO_LOGIN = ['ControlMaster=no', 'ControlPath=none', 'PreferredAuthentications=none', 'ConnectTimeout=8']
/** What ssh ends with when it believed the host and has nothing left to try. */
const BELIEVED = /^\S+: Permission denied \([a-z,-]*\)/m

/** The gateway has the key that the control plane vouched for, by ssh's own judgement; nobody logs in. */
export const hostKeyCheck: Check = {
  name: 'host-key',
  group: 'Workspace here',
  about: 'the gateway shows the host key that the control plane vouched for',
  examine: async ({env, findSession}) => {
    const session = await findSession().catch(() => undefined)
    if (session === undefined) return {status: 'skip', detail: NOT_CONNECTED}
    const ssh = findOnPath('ssh', env)
    if (ssh === undefined) return {status: 'skip', detail: 'there is no ssh on PATH'}
    const {configFile, alias, host, route} = session
    const args = ['-F', configFile, '-T', ...NO_LOGIN.flatMap((one) => ['-o', one]), ...routeArgs(route), alias, 'true']
    const options = {env: routeEnvironment(env, route, undefined), timeoutMs: LIMIT_MS}
    const {ending, stderr} = await run(ssh, args, options)
    const isIn = ending.kind === 'exited' && ending.code === 0
    if (isIn || BELIEVED.test(stderr)) return {status: 'ok', detail: `${host} shows the key that is pinned`}
    const refusal = explainRefusal(stderr, host)
    if (refusal instanceof HostKeyChangedError) throw refusal.quote(stderr)
    const why = lastLine(stderr) ?? 'it did not answer'
    return {status: 'skip', detail: `the gateway could not be asked: ${why}`, said: stderr}
  },
}
