import type {Deadline} from '../../core/deadline.ts'
import {RuncodeError} from '../../core/errors.ts'
import {type Account, ContradictoryProfilesError} from '../../profile/account.ts'
import {BUILT_IN, FROM_ENVIRONMENT, type Profiles} from '../../profile/profile.ts'
import {readProfiles} from '../../profile/profile-file.ts'
import {
  aliasPrefix,
  type HostEntry,
  nameHosts,
  type RefusedWorkspace,
  UnfitWorkspaceError,
} from '../../user-ssh-config/host-names.ts'
import type {Workspace} from '../../workspace/workspace.ts'
import {findWorkspace, parseWorkspaceRef} from '../../workspace/workspace-ref.ts'
import type {Context} from '../context.ts'
import {openAccount, prefixOf} from '../open-account.ts'

/** ssh starts the proxy later and elsewhere, where no variable of this shell is set. */
export class NoProfileError extends RuncodeError {
  constructor() {
    super('Entries for ssh need a profile: RUNCODE_API_BASE and RUNCODE_TOKEN are not set where ssh starts runcode.', {
      code: 'usage',
      hint: 'Unset them, or name a profile: runcode config-ssh --profile <name>',
    })
  }
}

/** A workspace that no list shows: its title, by which a gateway knows it, can't be told. */
export class UnlistedWorkspaceError extends RuncodeError {
  constructor(id: string) {
    super(`The workspace ${id} is in no list of this account, so nobody can tell its title for an entry.`, {
      code: 'not_found',
      hint: `Use it without an entry: runcode ssh ${id}`,
    })
  }
}

/** Which hosts are asked for. */
export interface HostChoice {
  /** Names, as on every command line; none for all own workspaces. */
  readonly workspaces: readonly string[]
  /** Shared ones as well, however many there are. */
  readonly all: boolean
  readonly profile: string | undefined
}

/** The hosts that a file is to have, given those that it has. */
export interface ChosenHosts {
  readonly account: string
  choose(previous: readonly HostEntry[]): {
    readonly hosts: readonly HostEntry[]
    readonly refused: readonly RefusedWorkspace[]
    readonly removed: readonly RemovedHost[]
  }
}

/** A host that the file had, and why it has it no more. */
export interface RemovedHost {
  readonly alias: string
  readonly why: string
}

/**
 * Asks the account for its workspaces. What a file has already stays in it as long as its workspace is there: a name on
 * the command line adds to it. Entries of other accounts stay as well.
 */
export async function chooseHosts(context: Context, choice: HostChoice, deadline: Deadline): Promise<ChosenHosts> {
  const {account, listed, named} = await listFor(context, choice, deadline)
  const profiles = await readProfiles(context.folders.config)
  const defaultAccount = profiles.default ?? BUILT_IN
  const reachable = listed.filter(({hasSsh}) => hasSsh)
  return {
    account: account.name,
    choose: (previous) => {
      const before = new Set(previous.filter((one) => one.account === account.name).map(({workspaceId}) => workspaceId))
      const isWanted = (one: Workspace): boolean =>
        choice.all || before.has(one.id) || (named.length === 0 ? !one.isShared : named.includes(one))
      const prefix = aliasPrefix(account.name, defaultAccount)
      const {hosts, refused} = nameHosts(reachable.filter(isWanted), {account: account.name, prefix})
      const unfit = refused.find(({id}) => named.some((one) => one.id === id))
      if (unfit !== undefined) throw new UnfitWorkspaceError(unfit)
      const others = previous
        .filter((one) => one.account !== account.name && isKnown(one.account, profiles))
        .map((one) => reprefixed(one, defaultAccount))
      const all = [...hosts, ...others].toSorted(byAccount(defaultAccount))
      const removed = previous
        .filter(({alias}) => !all.some((one) => one.alias === alias))
        .map((one) => ({alias: one.alias, why: whyRemoved(one, {all, refused})}))
      return {hosts: all, refused, removed}
    },
  }
}

interface Listed {
  readonly account: Account
  readonly listed: readonly Workspace[]
  /** Those that the command line names. */
  readonly named: readonly Workspace[]
}

const listFor = async (context: Context, {workspaces, profile}: HostChoice, deadline: Deadline): Promise<Listed> => {
  const refs = workspaces.map(parseWorkspaceRef)
  const [first, other] = [...new Set(refs.flatMap((ref) => ref.profile ?? []))]
  if (first !== undefined && other !== undefined) throw new ContradictoryProfilesError(first, other)
  const {account, plane} = await openAccount(context, {workspace: first, flag: profile})
  if (account.name === FROM_ENVIRONMENT) throw new NoProfileError()
  const listed = await plane.listWorkspaces(deadline)
  const named = refs.map(({name}) => {
    const found = findWorkspace(listed, name, prefixOf(account))
    if ('unlisted' in found) throw new UnlistedWorkspaceError(found.unlisted)
    if (!found.hasSsh) throw new UnfitWorkspaceError({...found, why: 'SSH cannot reach it'})
    return found
  })
  return {account, listed, named}
}

const isKnown = (account: string, {profiles}: Profiles): boolean =>
  account === BUILT_IN || [...profiles.keys()].some((name) => name === account)

/** The same host under the name that it has now: another profile may have become the default one. */
const reprefixed = (host: HostEntry, defaultAccount: string): HostEntry => ({
  ...host,
  alias: `${aliasPrefix(host.account, defaultAccount)}${host.alias.slice(host.alias.lastIndexOf('.') + 1)}`,
})

/** Whoever asks, in whatever order, the file comes out the same. */
const byAccount =
  (defaultAccount: string) =>
  (one: HostEntry, other: HostEntry): number =>
    Number(other.account === defaultAccount) - Number(one.account === defaultAccount) ||
    (one.account < other.account ? -1 : one.account > other.account ? 1 : 0) ||
    Number(one.workspaceId) - Number(other.workspaceId)

const whyRemoved = (
  host: HostEntry,
  {all, refused}: {all: readonly HostEntry[]; refused: readonly RefusedWorkspace[]},
): string => {
  const isSame = (one: HostEntry): boolean => one.account === host.account && one.workspaceId === host.workspaceId
  const renamed = all.find(isSame)
  if (renamed !== undefined) return `it is ${renamed.alias} now`
  return (
    refused.find(({id}) => id === host.workspaceId)?.why ??
    `the workspace ${host.workspaceId} of ${host.account} is not there any more`
  )
}
