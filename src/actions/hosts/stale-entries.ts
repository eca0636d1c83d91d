import {defaultConfigFile, includedFile} from '../../user-ssh-config/config-file.ts'
import type {ParsedEntry} from '../../user-ssh-config/parse-block.ts'
import {readConfig} from '../../user-ssh-config/read-config.ts'
import {missingPrograms, staleEntries} from '../../user-ssh-config/stale-entries.ts'
import {readUserFile} from '../../user-ssh-config/user-file.ts'
import type {Workspace} from '../../workspace/workspace.ts'
import type {Context} from '../context.ts'

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

const readEntries = async ({folders, home}: Context, file: string): Promise<readonly ParsedEntry[]> => {
  try {
    const options = {home, included: includedFile(folders.config), include: false, adopt: true}
    return (await readConfig(await readUserFile(file), options)).entries
  } catch {
    return []
  }
}
