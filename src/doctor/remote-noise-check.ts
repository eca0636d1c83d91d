import {run} from '../core/process.ts'
import {lastLine} from '../openssh/openssh-failed.ts'
import {findProgram} from '../openssh/programs.ts'
import {routeArgs, routeEnvironment} from '../openssh/route.ts'
import {NOT_CONNECTED} from './attachment-check.ts'
import type {Check} from './check.ts'

const LIMIT_MS = 10_000

/** The start files of the workspace's shell print nothing on stdout: it would be taken for what scp, rsync or an editor says there. */
export const remoteNoiseCheck: Check = {
  name: 'remote-noise',
  group: 'Workspace here',
  about: "the start files of the workspace's shell print nothing",
  examine: async ({env, findSession}) => {
    const session = await findSession().catch(() => undefined)
    if (session === undefined) return {status: 'skip', detail: NOT_CONNECTED}
    const {configFile, alias, title, route} = session
    const args = ['-F', configFile, '-T', ...routeArgs(route), alias, 'true']
    const options = {env: routeEnvironment(env, route, undefined), timeoutMs: LIMIT_MS}
    const {ending, stdout, stderr} = await run(await findProgram('ssh', env), args, options)
    if (ending.kind !== 'exited' || ending.code !== 0) {
      const why = lastLine(stderr) ?? 'it did not answer'
      return {status: 'warn', detail: `${title} could not be asked: ${why}`, said: stderr}
    }
    if (stdout === '') return {status: 'ok', detail: `a command on ${title} prints only what it prints`}
    return {
      status: 'fail',
      detail: `the shell of ${title} prints on stdout before each command: ${lastLine(stdout) ?? 'blank lines'}`,
      hint: 'scp, rsync and editors stumble over it. Print in its start files (such as .bashrc) only where the shell is interactive.',
    }
  },
}
