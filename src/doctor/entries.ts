import {defaultConfigFile, includedFile} from '../user-ssh-config/config-file.ts'
import type {ParsedEntry} from '../user-ssh-config/parse-block.ts'
import {readConfig} from '../user-ssh-config/read-config.ts'
import {readUserFile, type UserFile} from '../user-ssh-config/user-file.ts'
import type {Finding, Patient} from './check.ts'

/** The user's ssh_config, and our entries in it or in the file of ours that it includes. */
export interface FoundEntries {
  readonly file: UserFile
  /** As the user calls it. */
  readonly path: string
  /** Our own file; its text is undefined where it is not asked for. */
  readonly included: {readonly path: string; readonly text: string | undefined}
  readonly isIncluding: boolean
  readonly entries: readonly ParsedEntry[]
}

/** Throws what reading them throws, which is for one check to tell. */
export async function readEntries({folders, home}: Patient): Promise<FoundEntries> {
  const path = defaultConfigFile(home)
  const file = await readUserFile(path)
  const options = {home, included: includedFile(folders.config), include: false, adopt: false}
  const {entries, included, isIncluding} = await readConfig(file, options)
  return {file, path, included, isIncluding, entries}
}

/** Looks at the entries, where there are some that can be read. */
export async function withEntries(
  patient: Patient,
  look: (found: FoundEntries) => Promise<Finding> | Finding,
): Promise<Finding> {
  const found = await readEntries(patient).catch(() => undefined)
  if (found === undefined) return {status: 'skip', detail: 'the entries cannot be read'}
  if (found.entries.length === 0) return {status: 'skip', detail: 'there are no entries of config-ssh'}
  return look(found)
}

/** What to do about most that can be wrong with them. */
export const RENEW = 'Write them again: runcode config-ssh'
