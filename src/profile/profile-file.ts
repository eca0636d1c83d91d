import {join} from 'node:path'
import {deadlineIn} from '../core/deadline.ts'
import {RuncodeError} from '../core/errors.ts'
import {
  makePrivateFolder,
  readIfThere,
  refuseUnsafeFolders,
  removeHalfWritten,
  removeWhole,
  writeWhole,
} from '../core/files.ts'
import {type Profile, type ProfileName, type Profiles, parseProfileName} from './profile.ts'

const VERSION = 1
const LOCK_WAIT_MS = 5000

/** The file of profiles is damaged. It is never overwritten in that state. */
export class DamagedProfilesError extends RuncodeError {
  constructor(path: string, why: string) {
    super(`The file ${path} is damaged: ${why}.`, {
      code: 'file_error',
      hint: 'Mend it, or remove it and log in again.',
      facts: {path},
    })
  }
}

export const profilesFile = (config: string): string => join(config, 'profiles.json')

/** All profiles; none where there is no file. Throws DamagedProfilesError, FileError, UnsafeFolderError. */
export async function readProfiles(config: string): Promise<Profiles> {
  const path = profilesFile(config)
  await refuseUnsafeFolders(config)
  const text = await readIfThere(path)
  if (text === undefined) return {default: undefined, profiles: new Map()}
  try {
    return parseProfiles(JSON.parse(text))
  } catch (error) {
    throw new DamagedProfilesError(path, error instanceof Error ? error.message : String(error))
  }
}

/** Reads, changes and writes the profiles while no other process does. Throws what reading and writing throw, and LockedError. */
export async function changeProfiles(config: string, edit: (profiles: Profiles) => Profiles): Promise<void> {
  await makePrivateFolder(config)
  // Who only reads, as each connection of ssh to a managed host does, has no need of it.
  const {withLock} = await import('../core/lock.ts')
  const deadline = deadlineIn(LOCK_WAIT_MS, new AbortController().signal)
  await withLock(`${profilesFile(config)}.lock`, deadline, async () => {
    await removeHalfWritten(config, /^profiles\.json$/)
    await writeProfiles(config, edit(await readProfiles(config)))
  })
}

/** Writes all profiles, or removes the file where none is left. */
export async function writeProfiles(config: string, {default: byDefault, profiles}: Profiles): Promise<void> {
  const path = profilesFile(config)
  if (profiles.size === 0) return removeWhole(path)
  await makePrivateFolder(config)
  const entries = [...profiles].map(([name, {provider, apiBase, webBase, caFile, store, sshProxy}]) => [
    name,
    {provider, api_base: apiBase, web_base: webBase, ca_file: caFile, store, ssh_proxy: sshProxy},
  ])
  const file = {version: VERSION, default: byDefault, profiles: Object.fromEntries(entries)}
  await writeWhole(path, `${JSON.stringify(file, undefined, 2)}\n`)
}

const parseProfiles = (raw: unknown): Profiles => {
  const {version, default: byDefault, profiles} = objectOf(raw, 'it')
  if (version !== VERSION) throw new TypeError(`its version is not ${VERSION}`)
  const parsed = new Map<ProfileName, Profile>()
  for (const [name, profile] of Object.entries(objectOf(profiles, '"profiles"'))) {
    parsed.set(parseProfileName(name), parseProfile(objectOf(profile, `"${name}"`), name))
  }
  const chosen = byDefault === undefined ? undefined : parseProfileName(String(byDefault))
  if (chosen !== undefined && !parsed.has(chosen)) throw new TypeError(`its default "${chosen}" is not there`)
  return {default: chosen, profiles: parsed}
}

const parseProfile = (raw: Readonly<Record<string, unknown>>, name: string): Profile => {
  const {provider, api_base: apiBase, web_base: webBase, ca_file: caFile, store, ssh_proxy: sshProxy} = raw
  if (provider !== 'runcode') throw new TypeError(`the provider of "${name}" is not known`)
  if (typeof apiBase !== 'string') throw new TypeError(`"${name}" has no api_base`)
  if (store !== undefined && store !== 'file' && store !== 'keychain')
    throw new TypeError(`the store of "${name}" is not known`)
  const profile = {provider, apiBase, webBase: textOf(webBase), caFile: textOf(caFile), store} as const
  return typeof sshProxy === 'string' ? {...profile, sshProxy} : profile
}

const objectOf = (raw: unknown, what: string): Readonly<Record<string, unknown>> => {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new TypeError(`${what} is no object`)
  return raw as Readonly<Record<string, unknown>>
}

const textOf = (raw: unknown): string | undefined => (typeof raw === 'string' ? raw : undefined)
