import {RuncodeError} from '../core/errors.ts'
import {nameOf, parseWorkspaceId, type Workspace, type WorkspaceId} from './workspace.ts'

/** How a person or a program names a workspace: `name`, `41`, or either behind `profile:`. */
export interface WorkspaceRef {
  readonly profile: string | undefined
  readonly name: string
}

/** The name is not a way to name a workspace. */
export class InvalidWorkspaceRefError extends RuncodeError {
  constructor(text: string) {
    super(`"${text}" does not name a workspace.`, {
      code: 'usage',
      hint: 'Give a title, a name or an id, or profile:name. "runcode list" shows them.',
    })
  }
}

/** No workspace has that name. */
export class WorkspaceNotFoundError extends RuncodeError {
  constructor(name: string) {
    super(`There is no workspace "${name}".`, {code: 'not_found', hint: 'See what there is: runcode list'})
  }
}

/** The name fits several workspaces. */
export class AmbiguousWorkspaceError extends RuncodeError {
  constructor(name: string, found: readonly Workspace[]) {
    const ids = found.map(({id}) => id)
    super(`"${name}" fits ${found.length} workspaces: ${found.map((one) => `${one.title} (${one.id})`).join(', ')}.`, {
      code: 'ambiguous',
      hint: `Use the id, as in: runcode connect ${ids[0]}`,
      facts: {candidates: ids},
    })
  }
}

/** Throws InvalidWorkspaceRefError for an empty name and for a profile that can't be one. */
export function parseWorkspaceRef(text: string): WorkspaceRef {
  const match = /^(?:([a-z0-9-]{1,20}):)?(.+)$/su.exec(text.trim())
  if (match?.[2] === undefined || match[2].trim() === '') throw new InvalidWorkspaceRefError(text)
  return {profile: match[1], name: match[2].trim()}
}

/**
 * The one workspace of a name: an id, a title, or the display name of an own workspace, in any case. A shared workspace
 * answers to its title or id only, so that nobody takes a name of ours by giving theirs the same. An id that no list
 * shows may still exist (a team's): it is given as `unlisted`. Throws where none or several fit.
 */
export function findWorkspace(
  workspaces: readonly Workspace[],
  name: string,
): Workspace | {readonly unlisted: WorkspaceId} {
  const wanted = name.toLowerCase()
  const byId = workspaces.find(({id}) => id === name)
  if (byId !== undefined) return byId
  const byTitle = workspaces.filter(({title}) => title.toLowerCase() === wanted)
  const own = byTitle.filter(({isShared}) => !isShared)
  const byName = workspaces.filter((one) => !one.isShared && nameOf(one).toLowerCase() === wanted)
  const found = new Set(own.length > 0 || byName.length > 0 ? [...own, ...byName] : byTitle)
  const [only] = found
  if (found.size > 1) throw new AmbiguousWorkspaceError(name, [...found])
  if (only !== undefined) return only
  const id = /^\d+$/.test(name) ? parseWorkspaceId(name) : undefined
  if (id === undefined) throw new WorkspaceNotFoundError(name)
  return {unlisted: id}
}
