import type {Deadline} from '../../core/deadline.ts'
import {RuncodeError} from '../../core/errors.ts'
import {defaultConfigFile, includedFile} from '../../user-ssh-config/config-file.ts'
import type {HostEntry} from '../../user-ssh-config/host-names.ts'
import type {ParsedEntry} from '../../user-ssh-config/parse-block.ts'
import {stableProgram} from '../../user-ssh-config/program-path.ts'
import {readConfig} from '../../user-ssh-config/read-config.ts'
import {missingPrograms, staleEntries} from '../../user-ssh-config/stale-entries.ts'
import {readUserFile} from '../../user-ssh-config/user-file.ts'
import type {Workspace} from '../../workspace/workspace.ts'
import type {Context} from '../context.ts'
import {writeEntries} from './write-entries.ts'

/**
 * Says which entries of an account in `~/.ssh/config` are not true any more, given all its workspaces, or one. What can't
 * be read is for doctor to tell.
 */
export async function warnOfStaleEntries(
  context: Context,
  account: string,
  known: readonly Workspace[] | Workspace,
): Promise<void> {
  const file = defaultConfigFile(context.home)
  const entries = (await readEntries(context, file)).filter((one) => one.account === account)
  const isMissing = (await missingPrograms(entries)).length > 0
  const told = 'id' in known ? entries.filter(({workspaceId}) => workspaceId === known.id) : entries
  const stale = isMissing ? entries : staleEntries(told, 'id' in known ? [known] : known)
  if (stale.length === 0) return
  const names = stale.slice(0, 5).map(({alias}) => alias)
  const more = stale.length > names.length ? ' and more' : ''
  context.warn(`Entries of ${file} are not true any more (${names.join(', ')}${more}). Renew them: runcode config-ssh`)
}

/**
 * Writes the entries of `~/.ssh/config` anew where what they start is gone, as after an upgrade of node: they would do
 * nothing. The same hosts, and nothing else of the file. Where that can't be, warnOfStaleEntries() tells.
 */
export async function repairEntries(context: Context, deadline: Deadline): Promise<void> {
  const file = defaultConfigFile(context.home)
  const [gone] = await missingPrograms(await readEntries(context, file))
  if (gone === undefined) return
  try {
    const {program} = await stableProgram(context.program, context.home)
    const choose = (hosts: readonly HostEntry[]) => ({hosts, refused: [], removed: []})
    const asItIs = {file: undefined, include: false, adopt: false, multiplex: undefined, mode: 'write'} as const
    await writeEntries(context, {...asItIs, program, choose}, deadline)
    context.warn(`The entries of ${file} started ${gone}, which is gone. They are written anew.`)
  } catch (error) {
    if (!(error instanceof RuncodeError)) throw error
  }
}

const readEntries = async ({folders, home}: Context, file: string): Promise<readonly ParsedEntry[]> => {
  try {
    const options = {home, included: includedFile(folders.config), include: false, adopt: true}
    return (await readConfig(await readUserFile(file), options)).entries
  } catch {
    return []
  }
}
