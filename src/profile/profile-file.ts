import {join} from 'node:path'
import {deadlineIn} from '../core/deadline.ts'
import {messageOf, RuncodeError} from '../core/errors.ts'
import {
  makePrivateFolder,
  readIfThere,
  refuseUnsafeFolders,
  removeHalfWritten,
  removeWhole,
  writeWhole,
} from '../core/files.ts'
import {type Profile, type ProfileName, type Profiles, parseProfileName} from './profile.ts'
import {parseSshProxy, renderSshProxy, SSH_PROXY_FORM} from './ssh-proxy.ts'

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
    return parseProfiles(parseJson(text))
  } catch (error) {
    throw new DamagedProfilesError(path, messageOf(error).replace(/\.$/, ''))
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
  const entries = Object.fromEntries([...profiles].map(([name, profile]) => [name, fieldsOf(profile)]))
  const file = {version: VERSION, default: byDefault, profiles: entries}
  await writeWhole(path, `${JSON.stringify(file, undefined, 2)}\n`)
}

/** A profile by the names of its fields in the file. Undefined ones are not written. */
export const fieldsOf = ({provider, apiBase, webBase, caFile, store, sshProxy, httpsProxy, email}: Profile) => ({
  provider,
  api_base: apiBase,
  web_base: webBase,
  ca_file: caFile,
  store,
  ssh_proxy: sshProxy && renderSshProxy(sshProxy),
  https_proxy: httpsProxy && renderSshProxy(httpsProxy),
  email,
})

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

/** The profile of a name, from its fields in the file. Throws TypeError, which shows no value. */
export function parseProfile(raw: Readonly<Record<string, unknown>>, name: string): Profile {
  const stranger = Object.keys(raw).find((field) => !FIELDS.includes(field))
  if (stranger !== undefined) throw new TypeError(`the field "${stranger}" of "${name}" is not known`)
  const {provider, api_base: apiBase, web_base: webBase, ca_file: caFile, store, email} = raw
  if (provider !== 'runcode') throw new TypeError(`the provider of "${name}" is not known`)
  if (typeof apiBase !== 'string') throw new TypeError(`"${name}" has no api_base`)
  if (store !== undefined && store !== 'file' && store !== 'keychain')
    throw new TypeError(`the store of "${name}" is not known`)
  const texts = {webBase: textOf(webBase, 'web_base', name), caFile: textOf(caFile, 'ca_file', name)}
  const known = textOf(email, 'email', name)
  const sshProxy = proxyOf(raw['ssh_proxy'], 'ssh_proxy', name)
  const httpsProxy = proxyOf(raw['https_proxy'], 'https_proxy', name)
  return {
    ...{provider, apiBase, ...texts, store},
    ...(known === undefined ? {} : {email: known}),
    ...(sshProxy === undefined ? {} : {sshProxy}),
    ...(httpsProxy === undefined ? {} : {httpsProxy}),
  }
}

/** People write here by hand: a field with a mistake in its name would be as good as absent, and none is kept for us. */
const FIELDS: readonly string[] = 'provider api_base web_base ca_file store ssh_proxy https_proxy email'.split(' ')

/** What JSON.parse says shows a piece of the text, which may be a password. */
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    const [, position] = / at position (\d+)/.exec(messageOf(error)) ?? []
    const line = position === undefined ? '' : ` (line ${text.slice(0, Number(position)).split('\n').length})`
    throw new TypeError(`it is not JSON${line}`)
  }
}

const objectOf = (raw: unknown, what: string): Readonly<Record<string, unknown>> => {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new TypeError(`${what} is no object`)
  return raw as Readonly<Record<string, unknown>>
}

const textOf = (raw: unknown, field: string, name: string): string | undefined => {
  if (raw !== undefined && typeof raw !== 'string') throw new TypeError(`the ${field} of "${name}" is no text`)
  return raw
}

const proxyOf = (raw: unknown, field: string, name: string): URL | undefined => {
  if (raw === undefined) return undefined
  const proxy = typeof raw === 'string' ? parseSshProxy(raw) : undefined
  if (proxy === undefined) throw new TypeError(`the ${field} of "${name}" is not of the form ${SSH_PROXY_FORM}`)
  return proxy
}
