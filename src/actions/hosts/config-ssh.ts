import {deadlineIn} from '../../core/deadline.ts'
import {RuncodeError} from '../../core/errors.ts'
import {describeOtherHome} from '../../user-ssh-config/config-file.ts'
import {stableProgram} from '../../user-ssh-config/program-path.ts'
import {MANY_HOSTS} from '../../user-ssh-config/try-candidate.ts'
import type {Context} from '../context.ts'
import {chooseHosts, type HostChoice} from './choose-hosts.ts'
import {unseenSettings} from './unseen-settings.ts'
import {type WantedEntries, type WrittenEntries, writeEntries} from './write-entries.ts'

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

export interface ConfigSshInput extends HostChoice, Omit<WantedEntries, 'choose'> {}

export interface ConfigSshResult extends WrittenEntries {
  readonly account: string
}

/** Makes workspaces hosts of the user's own ssh. */
export async function configSsh(context: Context, input: ConfigSshInput): Promise<ConfigSshResult> {
  const deadline = deadlineIn(LIMIT_MS, context.interrupted)
  const {program, warning} = await stableProgram(input.program, context.home)
  const {account, choose} = await chooseHosts(context, input, deadline)
  const chooseFew: typeof choose = (previous) => {
    const chosen = choose(previous)
    if (chosen.hosts.length > MANY_HOSTS && !input.all) throw new TooManyHostsError(chosen.hosts.length)
    return chosen
  }
  const {said, ...result} = await writeEntries(context, {...input, program, choose: chooseFew}, deadline)
  const unseen = await unseenSettings(context, account)
  const all = [warning, ...said, ...unseen, input.file === undefined ? describeOtherHome(context.home) : undefined]
  for (const one of new Set(all)) if (one !== undefined) context.warn(one)
  return {account, ...result}
}
