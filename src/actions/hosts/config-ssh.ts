import {dirname, resolve} from 'node:path'
import {deadlineIn} from '../../core/deadline.ts'
import {RuncodeError} from '../../core/errors.ts'
import {makePrivateFolder, removeWhole, writeWhole} from '../../core/files.ts'
import type {Program} from '../../openssh/proxy-command.ts'
import {type AskSsh, createAskSsh} from '../../user-ssh-config/ask-ssh.ts'
import {defaultConfigFile, describeOtherHome, includedFile} from '../../user-ssh-config/config-file.ts'
import {entryFault} from '../../user-ssh-config/entry-fault.ts'
import type {HostEntry, RefusedWorkspace} from '../../user-ssh-config/host-names.ts'
import {changeFile, type LockedFile, withLockedFile} from '../../user-ssh-config/locked-file.ts'
import {type Plan, planChange} from '../../user-ssh-config/plan-change.ts'
import {stableProgram} from '../../user-ssh-config/program-path.ts'
import {type CurrentConfig, readConfig} from '../../user-ssh-config/read-config.ts'
import {MANY_HOSTS, tryCandidate} from '../../user-ssh-config/try-candidate.ts'
import type {Context} from '../context.ts'
import {chooseHosts, type HostChoice, type RemovedHost} from './choose-hosts.ts'
import {filesOfHosts} from './host-files.ts'

const LIMIT_MS = 120_000

/** More hosts than every ssh should have to read without being asked. */
export class TooManyHostsError extends RuncodeError {
  constructor(count: number) {
    super(`That makes ${count} hosts, which every ssh, scp and git of yours would read first.`, {
      code: 'usage',
      hint: 'Name those that you want: runcode config-ssh <workspace>. Or take them all, and hear what they cost: runcode config-ssh --all',
      facts: {hosts: count},
    })
  }
}

export interface ConfigSshInput extends HostChoice {
  /** `--ssh-config-file`, else `~/.ssh/config`. */
  readonly file: string | undefined
  /** Keep the hosts in a file of ours, and only one line in the user's. */
  readonly include: boolean
  /** Replace a block that is not ours. */
  readonly adopt: boolean
  /** Undefined for as it is. */
  readonly multiplex: boolean | undefined
  readonly mode: 'write' | 'dry-run' | 'check'
  readonly program: Program
}

export interface ConfigSshResult {
  readonly account: string
  /** Behind all links. */
  readonly file: string
  /** Our own file with the hosts, where there is one. */
  readonly includedFile: string | undefined
  /** Whether there was nothing to do. */
  readonly isUpToDate: boolean
  readonly hosts: readonly HostEntry[]
  readonly added: readonly string[]
  readonly updated: readonly string[]
  readonly removed: readonly RemovedHost[]
  readonly refused: readonly RefusedWorkspace[]
  /** The copy of the file as it was; undefined where none was made. */
  readonly backup: string | undefined
  /** Of what is, or would be, written. */
  readonly diff: string
}

/** Makes workspaces hosts of the user's own ssh. */
export async function configSsh(context: Context, input: ConfigSshInput): Promise<ConfigSshResult> {
  const deadline = deadlineIn(LIMIT_MS, context.interrupted)
  const {program, warning} = await stableProgram(input.program, context.home)
  const {account, choose} = await chooseHosts(context, input, deadline)
  const ask = await createAskSsh(context.env, deadline)
  const included = includedFile(context.folders.config)
  const said: (string | undefined)[] = [warning]
  const result = await withLockedFile(placeOf(context, input.file), deadline, async (locked) => {
    const current = await readConfig(locked.file, {...input, home: context.home, included})
    const {hosts, refused, removed} = choose(current.entries)
    if (hosts.length > MANY_HOSTS && !input.all) throw new TooManyHostsError(hosts.length)
    const isMultiplexed = input.multiplex ?? current.entries.some((one) => one.isMultiplexed)
    const wanted = await filesOfHosts(context, hosts, isMultiplexed)
    const plan = planChange(current, wanted.hosts, program)
    said.push(wanted.why === undefined ? undefined : `No multiplexing: the folder of its sockets ${wanted.why}.`)
    if (input.mode !== 'check' && !plan.isUpToDate) said.push(...(await tryCandidate(ask, locked, plan.candidate)))
    const isWritten = input.mode === 'write' && !plan.isUpToDate
    const backup = isWritten ? await write(context, locked, {current, plan, ask}) : undefined
    const [host] = plan.candidate.hosts
    if (input.mode === 'write' && current.isIncludedByHand && host !== undefined) {
      const fault = await entryFault(ask, locked.file.path, host)
      if (fault !== undefined) said.push(`${fault}. Put the line that includes ${included} before all others.`)
    }
    const {isUpToDate, added, updated, diff} = plan
    const file = locked.file.path
    const facts = {isUpToDate, added, updated, diff, hosts, refused, removed, backup, account, file}
    return {...facts, includedFile: current.isIncluding ? included : undefined}
  })
  if (input.file === undefined) said.push(describeOtherHome(context.home))
  for (const one of new Set(said)) if (one !== undefined) context.warn(one)
  return result
}

interface Write {
  readonly current: CurrentConfig
  readonly plan: Plan
  readonly ask: AskSsh
}

/** Our own file is there before a line of the user's names it, and as long as one does. */
const write = async (
  context: Context,
  locked: LockedFile,
  {current, plan, ask}: Write,
): Promise<string | undefined> => {
  const {included} = current
  const {text, includedText, paste, candidate} = plan
  if (includedText !== undefined && includedText !== included.text) {
    await makePrivateFolder(dirname(included.path))
    await writeWhole(included.path, includedText)
  }
  let backup: string | undefined
  if (text !== locked.file.text) {
    if (includedText !== undefined) await tryCandidate(ask, locked, {...candidate, text: text ?? ''})
    backup = await changeFile(locked, {text, now: context.now().date, paste})
  }
  if (includedText === undefined && included.text !== undefined) await removeWhole(included.path)
  return backup
}

/** The file that is meant, and where we keep what belongs to it. */
export const placeOf = (context: Context, file: string | undefined): {path: string; state: string} => ({
  path: file === undefined ? defaultConfigFile(context.home) : resolve(context.cwd, file),
  state: context.folders.state,
})
