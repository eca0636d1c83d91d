import {release} from 'node:os'
import {findAttachment} from '../attachment/attachment.ts'
import {deadlineIn} from '../core/deadline.ts'
import {messageOf} from '../core/errors.ts'
import {findToken} from '../credentials/find-token.ts'
import type {Patient, PatientAccount} from '../doctor/check.ts'
import {examine, type NamedFinding} from '../doctor/examine.ts'
import {parseHttpsBase} from '../network/https-url.ts'
import {meetService} from '../network/meet-service.ts'
import {type Account, chooseAccount} from '../profile/account.ts'
import {apiProxy} from '../profile/api-proxy.ts'
import {FROM_ENVIRONMENT} from '../profile/profile.ts'
import {readProfiles} from '../profile/profile-file.ts'
import {isFresh} from '../session/session.ts'
import {readCurrentSession} from '../session/session-store.ts'
import {ownerOf} from './choose-workspace.ts'
import type {Context} from './context.ts'
import {repairEntries} from './hosts/stale-entries.ts'
import {openAccount, wayTo} from './open-account.ts'
import {findSshProxy, sshRoute} from './ssh-route.ts'

const LIMIT_MS = 10_000

export interface DoctorInput {
  readonly profile: string | undefined
  /** Of this program. */
  readonly version: string
  /** Whether to mend what can be mended without asking. */
  readonly fix: boolean
}

/** What was done about a finding, or why it could not be. */
export interface Mended {
  readonly name: string
  readonly did: string
}

export interface Diagnosis {
  /** As it is after all was done. */
  readonly checks: readonly NamedFinding[]
  readonly fixed: readonly Mended[]
}

/** Looks at everything that breaks in practice, for one account; with `fix` mends what is ours, and looks again. */
export async function runDoctor(context: Context, {profile, version, fix}: DoctorInput): Promise<Diagnosis> {
  // An account that was named and is not there is a mistake of this call; all else is for a check to tell.
  if (profile !== undefined) chooseAccount(await readProfiles(context.folders.config), context.env, {flag: profile})
  const checks = await examine(patientOf(context, profile, version))
  const fixes = fix ? checks.flatMap(({name, fixes: all = []}) => all.map((one) => ({name, ...one}))) : []
  const fixed: Mended[] = []
  for (const {name, did, apply} of fixes) {
    try {
      await apply()
      fixed.push({name, did})
    } catch (error) {
      context.warn(`${name} could not be mended: ${messageOf(error)}`)
    }
  }
  return {checks: fixed.length === 0 ? checks : await examine(patientOf(context, profile, version)), fixed}
}

const patientOf = (context: Context, profile: string | undefined, version: string): Patient => {
  const {env, folders, home, cwd, interrupted} = context
  const choice = {flag: profile}
  const account = once(async () => chooseAccount(await readProfiles(folders.config), env, choice))
  return {
    ...{env, folders, home, cwd, program: {...context.program, version}},
    system: {platform: process.platform, release: release()},
    now: () => context.now().date,
    findAccount: async () => patientAccount(await account(), env),
    meetService: once(async () => {
      const {apiBase, ...way} = await account()
      const base = parseHttpsBase(apiBase, 'The address of the control plane')
      const url = new URL(`${base.href.replace(/\/$/, '')}/api/rc/workspaces?category=active`)
      const trust = wayTo(base, way, env)
      return meetService({url, trust, deadline: deadlineIn(LIMIT_MS, interrupted)}, () => context.now().date)
    }),
    findTokenPlace: async () => {
      const {name, apiBase, store} = await account()
      const {origin} = parseHttpsBase(apiBase, 'The address of the control plane')
      const question = {origin, account: name, isEnvironment: name === FROM_ENVIRONMENT, store}
      const {place, storedAt} = await findToken(question, {env, ...folders})
      return {place, storedAt}
    },
    listWorkspaces: once(async () =>
      (await openAccount(context, choice)).plane.listWorkspaces(deadlineIn(LIMIT_MS, interrupted)),
    ),
    repairEntries: () => repairEntries(context, deadlineIn(LIMIT_MS, interrupted)),
    findSession: async () => {
      const attachment = await findAttachment(folders.state, cwd)
      if (attachment === undefined || attachment.isReplaced) return undefined
      const session = await readCurrentSession(folders.state, ownerOf(attachment))
      if (session === undefined || !isFresh(session, context.now())) return undefined
      const route = await sshRoute(context, session.account)
      return {...session, route, sshProxy: await findSshProxy(context, session.account)}
    },
  }
}

const patientAccount = (
  {name, apiBase, caFile, sshProxy, httpsProxy}: Account,
  env: NodeJS.ProcessEnv,
): PatientAccount => ({
  ...{name, apiBase, caFile, sshProxy},
  findApiProxy: () => (URL.canParse(apiBase) ? apiProxy(env, new URL(apiBase), httpsProxy) : undefined),
})

/** Does it when it is asked for first, and never again. */
const once = <T>(work: () => Promise<T>): (() => Promise<T>) => {
  let result: Promise<T> | undefined
  return () => {
    result ??= work()
    return result
  }
}
