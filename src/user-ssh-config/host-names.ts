import {RuncodeError} from '../core/errors.ts'
import {nameOf, type Workspace, type WorkspaceId} from '../workspace/workspace.ts'

/** One workspace as a host of the user's own ssh. */
export interface HostEntry {
  /** What people type: `runcode.<title>`, with the profile before the title where it is not the default one. */
  readonly alias: string
  readonly account: string
  readonly workspaceId: WorkspaceId
  /** The title of the workspace: by it the gateway knows where to lead to. */
  readonly user: string
  /** What people call it, in printable ASCII. */
  readonly label: string
}

/** A workspace that gets no entry, and why. */
export interface RefusedWorkspace {
  readonly id: WorkspaceId
  readonly title: string
  readonly why: string
}

/** A workspace that was asked for by name can have no entry. */
export class UnfitWorkspaceError extends RuncodeError {
  constructor({id, title, why}: RefusedWorkspace) {
    super(`The workspace "${title}" (${id}) can have no entry: ${why}.`, {
      code: 'ambiguous',
      hint: 'Give it another title; "runcode list" shows what there is.',
      facts: {workspace: {id, title}},
    })
  }
}

export const aliasPrefix = (account: string, defaultAccount: string): string =>
  account === defaultAccount ? 'runcode.' : `runcode.${account}.`

/**
 * The hosts of an account's workspaces, by title, or by id where a title is no plain word. Of two with one name none gets
 * it, as nobody knows which was meant, unless only one of them is the account's own: a shared one takes no name from it.
 */
export function nameHosts(
  workspaces: readonly Workspace[],
  {account, prefix}: {account: string; prefix: string},
): {hosts: readonly HostEntry[]; refused: readonly RefusedWorkspace[]} {
  const byAlias = new Map<string, Workspace[]>()
  for (const workspace of workspaces) {
    const alias = aliasOf(workspace, prefix).toLowerCase()
    byAlias.set(alias, [...(byAlias.get(alias) ?? []), workspace])
  }
  const hosts: HostEntry[] = []
  const refused: RefusedWorkspace[] = []
  for (const workspace of workspaces) {
    const {id, title} = workspace
    const alias = aliasOf(workspace, prefix)
    const rivals = (byAlias.get(alias.toLowerCase()) ?? []).filter((one) => one !== workspace)
    const why = faultOf(workspace, rivals)
    if (why === undefined) hosts.push({alias, account, workspaceId: id, user: title, label: labelOf(workspace)})
    else refused.push({id, title, why})
  }
  return {hosts, refused}
}

const aliasOf = ({title, id}: Workspace, prefix: string): string =>
  `${prefix}${/^[A-Za-z0-9_-]{1,64}$/.test(title) ? title : id}`

const faultOf = ({title, isShared}: Workspace, rivals: readonly Workspace[]): string | undefined => {
  // What a bundle may have as its user.
  if (!/^(?!-)[A-Za-z0-9._-]{1,128}$/.test(title)) return 'its title cannot be a user of SSH'
  if (rivals.length === 0 || (!isShared && rivals.every((one) => one.isShared))) return undefined
  return `its host would have the name of that of ${rivals.map(({id}) => id).join(', ')}`
}

const labelOf = (workspace: Workspace): string =>
  nameOf(workspace)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^\x21-\x7e]+/g, ' ')
    .trim()
    .slice(0, 80)
    .trim() || workspace.id
