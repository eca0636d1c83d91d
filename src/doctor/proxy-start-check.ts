import {run} from '../core/process.ts'
import {lastLine} from '../openssh/openssh-failed.ts'
import {optionIn, type ParsedEntry} from '../user-ssh-config/parse-block.ts'
import {missingPrograms} from '../user-ssh-config/stale-entries.ts'
import type {Check, Finding, Patient} from './check.ts'
import {RENEW, withEntries} from './entries.ts'

const LIMIT_MS = 10_000
/** Editors give a connection 15 s, and this is only its beginning. */
const SLOW_MS = 4000

/** What the entries start runs as ssh starts it from a dock or a menu, and prints nothing of others on stdout. */
export const proxyStartCheck: Check = {
  name: 'proxy-start',
  group: 'Hosts of config-ssh',
  about: 'what the entries start runs as from a menu, and no shell prints before it',
  examine: (patient) =>
    withEntries(patient, async ({entries}) => {
      if ((await missingPrograms(entries)).length > 0) return {status: 'skip', detail: 'what they start is not there'}
      const findings: Finding[] = []
      const starts = new Map(entries.map((entry) => [versionCommand(entry), entry]))
      for (const [command, entry] of starts) findings.push(await judge(patient, command, entry))
      const worst = ['fail', 'warn', 'ok'].flatMap((status) => findings.filter((one) => one.status === status))
      return worst[0] ?? {status: 'skip', detail: 'no entry starts anything'}
    }),
}

/** The ProxyCommand, but for what it is told: without Node's channel it can speak through pipes. */
const versionCommand = ({lines}: ParsedEntry): string =>
  (optionIn(lines, 'ProxyCommand') ?? '')
    .replace(/ proxy \S+\/\S+(?: \S+)*$/, ' --version')
    .replace(' NODE_CHANNEL_FD=1 ', ' ')
    .replaceAll('%%', '%')

const judge = async ({env, home}: Patient, command: string, {programs}: ParsedEntry): Promise<Finding> => {
  // sshconnect.c of OpenSSH: $SHELL, else /bin/sh; on Windows none.
  const shell = env['SHELL'] || '/bin/sh'
  const [node = '', ...script] = programs
  const [program, args] =
    process.platform === 'win32' ? [node, [...script, '--version']] : [shell, ['-c', `exec ${command}`]]
  const startMs = performance.now()
  const poor = process.platform === 'win32' ? env : {HOME: home, SHELL: shell, PATH: '/usr/bin:/bin'}
  const {ending, stdout, stderr, timedOut} = await run(program, args, {env: poor, timeoutMs: LIMIT_MS})
  const tookMs = performance.now() - startMs
  if (timedOut) return {status: 'fail', detail: `${command} does not end`, hint: RENEW}
  if (ending.kind !== 'exited' || ending.code !== 0)
    return {status: 'fail', detail: `${command} does not run: ${reasonIn(stderr) ?? ending.kind}`, hint: RENEW}
  const [, noise = '', version] = /^(.*?)(runcode\/\S+ \S+ node-\S+)\n$/s.exec(stdout) ?? []
  if (version === undefined) return {status: 'fail', detail: `${command} is not runcode`, hint: RENEW}
  if (noise !== '') {
    return {
      status: 'fail',
      detail: `${shell} prints on stdout before the proxy does, which ends each connection: ${lastLine(noise) ?? ''}`,
      hint: 'Keep what its start files print to shells that are interactive.',
    }
  }
  if (tookMs > SLOW_MS)
    return {
      status: 'warn',
      detail: `${version} takes ${Math.round(tookMs)} ms to start`,
      hint: `Look at what ${shell} does at its start.`,
    }
  return {status: 'ok', detail: version}
}

/** Node ends with its version, whatever happened. */
const reasonIn = (stderr: string): string | undefined =>
  lastLine(stderr.split('\n').find((line) => /^\w*Error\b/.test(line)) ?? stderr)
