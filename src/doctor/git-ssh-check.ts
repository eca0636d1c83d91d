import {run} from '../core/process.ts'
import {findOnPath} from '../openssh/programs.ts'
import {describeOtherHome} from '../user-ssh-config/config-file.ts'
import {optionIn, type ParsedEntry} from '../user-ssh-config/parse-block.ts'
import type {Check, Finding, Patient} from './check.ts'
import {withEntries} from './entries.ts'

const LIMIT_MS = 10_000

/**
 * The ssh that git starts goes by the entries: it may be another one than we found on PATH, or be told of another file. It
 * is asked as git would start it.
 */
export const gitSshCheck: Check = {
  name: 'git-ssh',
  group: 'Hosts of config-ssh',
  about: 'the ssh that git starts goes by the entries',
  examine: (patient) =>
    withEntries(patient, async ({entries: [entry]}) => {
      const git = findOnPath('git', patient.env)
      if (git === undefined || entry === undefined) return {status: 'skip', detail: 'there is no git on PATH'}
      return judge(patient, git, entry)
    }),
}

interface SshOfGit {
  /** Where it is named. */
  readonly where: string
  /** A line for a shell. */
  readonly command: string
}

const judge = async (patient: Patient, git: string, entry: ParsedEntry): Promise<Finding> => {
  const {env, home, cwd} = patient
  const read = ['-C', cwd, 'config', '--show-scope', '--get', 'core.sshCommand']
  const {stdout} = await run(git, read, {env, timeoutMs: LIMIT_MS})
  const [, scope = '', configured] = /^(\S+)\t(.+)\n$/s.exec(stdout) ?? []
  const {where, command} = sshOf(env, configured)
  // A repository may be anybody's; the rest is the user's own.
  if (where === 'core.sshCommand' && scope !== 'global' && scope !== 'system')
    return {status: 'warn', detail: `the repository here has a core.sshCommand of its own: ${command}`, hint: UNSET}
  const ask = ['-C', home, '-c', `alias.runcode-ssh=!${command} -G`, 'runcode-ssh', entry.alias]
  const {stdout: answer} = await run(git, ask, {env, timeoutMs: LIMIT_MS})
  const told = [...answer.matchAll(/^proxycommand (.*)$/gm)].map(([, value]) => value)
  const detail = `git starts ${command}${where === '' ? '' : ` (${where})`}`
  if (told[0] === optionIn(entry.lines, 'ProxyCommand')) return {status: 'ok', detail}
  const other = describeOtherHome(home)
  if (other !== undefined && where === '') return {status: 'warn', detail: other}
  return {status: 'warn', detail: `${detail}, which does not go by the entry of ${entry.alias}`, hint: UNSET}
}

const UNSET = 'Let git start the ssh that reads your ~/.ssh/config: unset that, or name that ssh there.'

/** In the order of get_ssh_command() of git; git(1), GIT_SSH_COMMAND and GIT_SSH. */
const sshOf = ({GIT_SSH_COMMAND, GIT_SSH}: NodeJS.ProcessEnv, configured: string | undefined): SshOfGit => {
  if (GIT_SSH_COMMAND) return {where: 'GIT_SSH_COMMAND', command: GIT_SSH_COMMAND}
  if (configured !== undefined) return {where: 'core.sshCommand', command: configured}
  // One program, and no line: the shell reads it from the variable.
  if (GIT_SSH) return {where: `GIT_SSH=${GIT_SSH}`, command: '"$GIT_SSH"'}
  return {where: '', command: 'ssh'}
}
