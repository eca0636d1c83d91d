import {RuncodeError} from '../core/errors.ts'
import type {Branded} from '../workspace/brand.ts'

/** The name of an account on this machine: `[a-z0-9-]{1,20}`, safe as the name of a folder and in a host name. */
export type ProfileName = Branded<string, 'ProfileName'>

/** Control planes that we can speak to. */
export type ProviderName = 'runcode'

/** One account at one control plane. */
export interface Profile {
  readonly provider: ProviderName
  /** https, without a slash at its end. */
  readonly apiBase: string
  readonly webBase: string | undefined
  /** Replaces the built-in roots where it is set. */
  readonly caFile: string | undefined
  /** Where its token was put by `login`; looked at first. */
  readonly store: 'file' | 'keychain' | undefined
  /** The HTTP proxy by which SSH goes to the gateways of this account (CONNECT of RFC 9110); undefined: straight there. */
  readonly sshProxy?: URL | undefined
  /** The HTTP proxy for requests to the control plane where the environment names none, as for what a menu starts. */
  readonly httpsProxy?: URL | undefined
  /** Whom the page of the last login named, in its own words; tells one account from another. */
  readonly email?: string | undefined
}

export interface Profiles {
  /** What is used where nothing else is said. */
  readonly default: ProfileName | undefined
  readonly profiles: ReadonlyMap<ProfileName, Profile>
}

/** The name of an account without a profile: RunCode's public service, or what the environment names. */
export const BUILT_IN = 'runcode' as ProfileName
export const FROM_ENVIRONMENT = 'environment' as ProfileName

/** A text that can't be the name of a profile. */
export class InvalidProfileNameError extends RuncodeError {
  constructor(name: string) {
    super(`"${name}" cannot be the name of a profile.`, {
      code: 'usage',
      hint: 'Use 1 to 20 of a-z, 0-9 and "-"; "environment" is taken.',
    })
  }
}

/** Throws InvalidProfileNameError. */
export function parseProfileName(text: string): ProfileName {
  if (!/^[a-z0-9-]{1,20}$/.test(text) || text === FROM_ENVIRONMENT) throw new InvalidProfileNameError(text)
  return text as ProfileName
}
