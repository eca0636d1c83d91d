import {dirname, resolve} from 'node:path'
import type {Deadline} from '../../core/deadline.ts'
import {makePrivateFolder, removeWhole, writeWhole} from '../../core/files.ts'
import type {Program} from '../../openssh/proxy-command.ts'
import {type AskSsh, createAskSsh} from '../../user-ssh-config/ask-ssh.ts'
import {defaultConfigFile, includedFile} from '../../user-ssh-config/config-file.ts'
import {entryFault} from '../../user-ssh-config/entry-fault.ts'
import type {HostEntry, RefusedWorkspace} from '../../user-ssh-config/host-names.ts'
import {changeFile, type LockedFile, withLockedFile} from '../../user-ssh-config/locked-file.ts'
import {type Plan, planChange} from '../../user-ssh-config/plan-change.ts'
import {type CurrentConfig, readConfig} from '../../user-ssh-config/read-config.ts'
import {tryCandidate} from '../../user-ssh-config/try-candidate.ts'
import type {Context} from '../context.ts'
import type {ChosenHosts, RemovedHost} from './choose-hosts.ts'
import {filesOfHosts} from './host-files.ts'

/** What entries a file is to have, and how. */
export interface WantedEntries {
  /** Undefined for `~/.ssh/config`. */
  readonly file: string | undefined
  /** Keep the hosts in a file of ours, and only one line in the user's. */
  readonly include: boolean
  /** Replace a block that is not ours. */
  readonly adopt: boolean
  /** Undefined for as it is. */
  readonly multiplex: boolean | undefined
  readonly mode: 'write' | 'dry-run' | 'check'
  readonly program: Program
  readonly choose: ChosenHosts['choose']
}

/** What became of a file. */
export interface WrittenEntries {
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

/** Gives a file of the user's the entries that are wanted, or tells what it would do. `said`: what the user is to hear. */
export async function writeEntries(
  context: Context,
  wanted: WantedEntries,
  deadline: Deadline,
): Promise<WrittenEntries & {readonly said: readonly string[]}> {
  const {program, choose, mode, multiplex} = wanted
  const ask = await createAskSsh(context.env, deadline)
  const included = includedFile(context.folders.config)
  return withLockedFile(placeOf(context, wanted.file), deadline, async (locked) => {
    const said: string[] = []
    const current = await readConfig(locked.file, {...wanted, home: context.home, included})
    const {hosts, refused, removed} = choose(current.entries)
    const isMultiplexed = multiplex ?? current.entries.some((one) => one.isMultiplexed)
    const {hosts: withFiles, why} = await filesOfHosts(context, hosts, isMultiplexed)
    const plan = planChange(current, withFiles, program)
    if (why !== undefined) said.push(`No multiplexing: the folder of its sockets ${why}.`)
    if (mode !== 'check' && !plan.isUpToDate) said.push(...(await tryCandidate(ask, locked, plan.candidate)))
    const isWritten = mode === 'write' && !plan.isUpToDate
    const backup = isWritten ? await write(context, locked, {current, plan, ask}) : undefined
    const [host] = plan.candidate.hosts
    if (mode === 'write' && current.isIncludedByHand && host !== undefined) {
      const fault = await entryFault(ask, locked.file.path, host)
      if (fault !== undefined) said.push(`${fault}. Put the line that includes ${included} before all others.`)
    }
    const {isUpToDate, added, updated, diff} = plan
    const facts = {isUpToDate, added, updated, diff, hosts, refused, removed, backup, said}
    return {...facts, file: locked.file.path, includedFile: current.isIncluding ? included : undefined}
  })
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
