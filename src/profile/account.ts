import {RuncodeError} from '../core/errors.ts'
import {BUILT_IN, FROM_ENVIRONMENT, type Profile, type ProfileName, type Profiles, parseProfileName} from './profile.ts'

/** RunCode's public service. */
const PUBLIC: Profile = {
  provider: 'runcode',
  apiBase: 'https://app.runcode.io',
  webBase: 'https://runcode.io',
  caFile: undefined,
  store: undefined,
}

/** The account that a command speaks for, and why it is this one. */
export interface Account extends Profile {
  readonly name: ProfileName
  readonly chosenBy: 'flag' | 'workspace' | 'environment' | 'default' | 'built-in'
}

/** There is no such profile. */
export class UnknownProfileError extends RuncodeError {
  constructor(name: string, known: Iterable<string>) {
    const names = [...known]
    super(`There is no profile "${name}".`, {
      code: 'not_found',
      hint:
        names.length === 0
          ? 'There are no profiles yet. Make one: runcode profile add <name> --api-base <url>'
          : `There is: ${names.join(', ')}.`,
      facts: {profile: name},
    })
  }
}

/** The workspace is named with one account, and another one is named beside it. */
export class ContradictoryProfilesError extends RuncodeError {
  constructor(workspace: string, other: string) {
    super(
      `The workspace is named with the profile "${workspace}", but --profile or RUNCODE_PROFILE names "${other}".`,
      {
        code: 'usage',
        hint: 'Leave one of the two out.',
        facts: {workspace_profile: workspace, named_profile: other},
      },
    )
  }
}

/**
 * The account of a command. A profile named with the workspace (`profile:name`) or by `--profile` comes first, then
 * RUNCODE_PROFILE, then RUNCODE_API_BASE or RUNCODE_TOKEN (an account of the environment's own, never a profile), then
 * the default profile, then RunCode's public service. Throws UnknownProfileError, and ContradictoryProfilesError where
 * the first two differ.
 */
export function chooseAccount(
  profiles: Profiles,
  env: NodeJS.ProcessEnv,
  named: {flag?: string | undefined; workspace?: string | undefined},
): Account {
  if (named.workspace !== undefined && named.flag !== undefined && named.workspace !== named.flag)
    throw new ContradictoryProfilesError(named.workspace, named.flag)
  if (named.workspace !== undefined) return {...profileOf(profiles, named.workspace), chosenBy: 'workspace'}
  if (named.flag !== undefined) return {...profileOf(profiles, named.flag), chosenBy: 'flag'}
  const fromEnvironment = env['RUNCODE_PROFILE']
  if (fromEnvironment) return {...profileOf(profiles, fromEnvironment), chosenBy: 'environment'}
  if (env['RUNCODE_API_BASE'] || env['RUNCODE_TOKEN']) return environmentAccount(env)
  if (profiles.default !== undefined) return {...profileOf(profiles, profiles.default), chosenBy: 'default'}
  return {...PUBLIC, name: BUILT_IN, chosenBy: 'built-in'}
}

/** The profile of a name; RunCode's public service has one, whether it is written down or not. Throws UnknownProfileError. */
export function profileOf({profiles}: Profiles, text: string): Profile & {name: ProfileName} {
  if (text === FROM_ENVIRONMENT) throw new UnknownProfileError(text, profiles.keys())
  const name = parseProfileName(text)
  const profile = profiles.get(name) ?? (name === BUILT_IN ? PUBLIC : undefined)
  if (profile === undefined) throw new UnknownProfileError(name, profiles.keys())
  return {...profile, name}
}

const environmentAccount = (env: NodeJS.ProcessEnv): Account => ({
  ...PUBLIC,
  ...(env['RUNCODE_API_BASE'] ? {apiBase: env['RUNCODE_API_BASE'], webBase: env['RUNCODE_WEB_BASE'] || undefined} : {}),
  name: FROM_ENVIRONMENT,
  chosenBy: 'environment',
})
