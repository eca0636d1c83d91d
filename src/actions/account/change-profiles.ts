import {listAttachments} from '../../attachment/attachment.ts'
import {RuncodeError} from '../../core/errors.ts'
import {profileOf, UnknownProfileError} from '../../profile/account.ts'
import {BUILT_IN, type Profile, type ProfileName, type Profiles, parseProfileName} from '../../profile/profile.ts'
import {changeProfiles, readProfiles} from '../../profile/profile-file.ts'
import type {Context} from '../context.ts'
import {LOCAL_PROFILE} from '../server/local-server.ts'
import {forgetToken, originOf, type TokenLeftovers} from './forget-token.ts'
import {changedProfile, checkedChanges, type ProfileChanges} from './profile-fields.ts'

/** There is a profile of that name already, or the name is kept for one. */
export class ProfileExistsError extends RuncodeError {
  constructor(name: string) {
    const isLocal = name === LOCAL_PROFILE
    super(isLocal ? '"local" is the profile of the server of this machine.' : `There is a profile "${name}" already.`, {
      code: 'usage',
      hint: isLocal ? 'It is made by: runcode server up' : `Change it: runcode profile set ${name} --api-base <url>`,
      facts: {profile: name},
    })
  }
}

export interface NamedProfile {
  readonly name: ProfileName
  readonly profile: Profile
  readonly isDefault: boolean
}

/** Every profile, RunCode's public service among them, by name. */
export async function listProfiles({folders}: Context): Promise<readonly NamedProfile[]> {
  const all = await readProfiles(folders.config)
  const names = new Set<ProfileName>([BUILT_IN, ...all.profiles.keys()])
  return [...names].toSorted().map((name) => namedIn(all, name))
}

const namedIn = (all: Profiles, name: string): NamedProfile => {
  const {name: parsed, ...profile} = profileOf(all, name)
  return {name: parsed, profile, isDefault: (all.default ?? BUILT_IN) === parsed}
}

/** Writes a new profile down, as the default with `use`. Throws ProfileExistsError and what its fields deserve. */
export async function addProfile(
  context: Context,
  {name: text, changes, use}: {name: string; changes: ProfileChanges; use: boolean},
): Promise<NamedProfile> {
  const name = parseProfileName(text)
  if (name === LOCAL_PROFILE || name === BUILT_IN) throw new ProfileExistsError(name)
  const profile = changedProfile(undefined, await checkedChanges(context, changes), name)
  return edit(context, name, (all) => {
    if (all.profiles.has(name)) throw new ProfileExistsError(name)
    return {default: use ? name : all.default, profiles: new Map(all.profiles).set(name, profile)}
  })
}

/** What no profile names is the default: RunCode's public service. Throws UnknownProfileError. */
export async function useProfile(context: Context, text: string): Promise<NamedProfile> {
  const name = parseProfileName(text)
  return edit(context, name, (all) => {
    profileOf(all, name)
    return {...all, default: all.profiles.has(name) ? name : undefined}
  })
}

/**
 * Changes fields of a profile. Where its origin is another one afterwards, the token of the former goes: it would be kept
 * for ever, and sent nowhere. Throws UnknownProfileError and what its fields deserve.
 */
export async function setProfile(
  context: Context,
  {name: text, changes}: {name: string; changes: ProfileChanges},
): Promise<NamedProfile & TokenLeftovers> {
  const checked = await checkedChanges(context, changes)
  const name = parseProfileName(text)
  let left: Profile | undefined
  const named = await edit(context, name, (all) => {
    const {name: _, ...before} = profileOf(all, name)
    const changed = changedProfile(before, checked, name)
    const isElsewhere = originOf(changed.apiBase) !== originOf(before.apiBase)
    left = isElsewhere ? before : undefined
    const profile = isElsewhere ? {...changed, store: undefined, email: undefined} : changed
    return {...all, profiles: new Map(all.profiles).set(name, profile)}
  })
  return {...named, removedFrom: left === undefined ? [] : await forgetToken(context, name, left)}
}

export interface RemovedProfile extends NamedProfile, TokenLeftovers {
  /** The places that are still attached with it; a command there says so. */
  readonly attached: readonly string[]
}

/** Removes a profile and its token. Throws UnknownProfileError. */
export async function removeProfile(context: Context, text: string): Promise<RemovedProfile> {
  const name = parseProfileName(text)
  const all = await readProfiles(context.folders.config)
  if (!all.profiles.has(name)) throw new UnknownProfileError(name, all.profiles.keys())
  const removed = namedIn(all, name)
  const removedFrom = await forgetToken(context, name, removed.profile)
  await changeProfiles(context.folders.config, (now) => ({
    default: now.default === name ? undefined : now.default,
    profiles: new Map([...now.profiles].filter(([one]) => one !== name)),
  }))
  const attached = (await listAttachments(context.folders.state)).filter(({account}) => account === name)
  return {...removed, removedFrom, attached: attached.map(({tree}) => tree)}
}

const edit = async (
  {folders}: Context,
  name: ProfileName,
  change: (all: Profiles) => Profiles,
): Promise<NamedProfile> => {
  let after: Profiles | undefined
  await changeProfiles(folders.config, (all) => {
    after = change(all)
    return after
  })
  return namedIn(after as Profiles, name)
}
