import {isAbsolute, resolve} from 'node:path'
import {messageOf, RuncodeError} from '../../core/errors.ts'
import {FileError, readIfThere} from '../../core/files.ts'
import {refuseNoCertificate} from '../../network/authorities.ts'
import {parseHttpsBase, parseWebBase} from '../../network/https-url.ts'
import type {Profile} from '../../profile/profile.ts'
import {fieldsOf, parseProfile} from '../../profile/profile-file.ts'
import type {Context} from '../context.ts'

/** What somebody may say of a profile, as text; null takes a field away. A field that is absent stays as it is. */
export interface ProfileChanges {
  readonly provider?: string | undefined
  readonly api_base?: string | undefined
  readonly web_base?: string | null | undefined
  readonly ca_file?: string | null | undefined
  readonly ssh_proxy?: string | null | undefined
  readonly https_proxy?: string | null | undefined
}

/** A field of a profile has a value that it cannot have. The value is not repeated: it may be a password. */
export class InvalidProfileError extends RuncodeError {
  constructor(why: string) {
    super(`This cannot be a profile: ${why}.`, {code: 'usage', hint: 'See what there is: runcode profile list'})
  }
}

/** Changes whose CA file was looked at, and is named by its absolute path. Throws NoCertificateError, FileError. */
export const checkedChanges = async (
  context: Pick<Context, 'cwd'>,
  changes: ProfileChanges,
): Promise<ProfileChanges> =>
  typeof changes.ca_file === 'string' ? {...changes, ca_file: await checkedCaFile(context, changes.ca_file)} : changes

/** A profile with checked changes made to it, by the rules of the file. Throws InvalidProfileError, InsecureBaseError. */
export function changedProfile(before: Profile | undefined, changes: ProfileChanges, name: string): Profile {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined)
  const kept = before === undefined ? {} : fieldsOf(before)
  const fields = Object.entries({...kept, ...Object.fromEntries(given)}).filter(([, value]) => value != null)
  const profile = parsed(Object.fromEntries(fields), name)
  return {
    ...profile,
    apiBase: parseHttpsBase(profile.apiBase, 'The address of the control plane').href.replace(/\/$/, ''),
    webBase:
      profile.webBase === undefined
        ? undefined
        : parseWebBase(profile.webBase, 'The address of its pages').href.replace(/\/$/, ''),
  }
}

const parsed = (fields: Readonly<Record<string, unknown>>, name: string): Profile => {
  try {
    return parseProfile(fields, name)
  } catch (error) {
    throw new InvalidProfileError(messageOf(error))
  }
}

/** Its absolute path. A file that is no certificate would be found out at the first request only. */
const checkedCaFile = async ({cwd}: Pick<Context, 'cwd'>, path: string): Promise<string> => {
  const file = isAbsolute(path) ? path : resolve(cwd, path)
  const text = await readIfThere(file)
  if (text === undefined) throw new FileError('read', file, new Error('there is no such file'))
  refuseNoCertificate(file, text)
  return file
}
