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
  constructor(name: string, found: readonly Workspace[], prefix: string) {
    const ids = found.map(({id}) => id)
    super(`"${name}" fits ${found.length} workspaces: ${found.map((one) => `${one.title} (${one.id})`).join(', ')}.`, {
      code: 'ambiguous',
      hint: `Use the id, as in: runcode connect ${prefix}${ids[0]}`,
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
 * The one workspace of a name: an id, a title, or the display name of an own workspace, in any case and however its
 * characters are composed. A shared workspace answers to its id, and to a title that is no number and no name of an own
 * one: nobody takes a name of ours by giving theirs the same or one that looks the same, and where the id of a shared one
 * is a name of an own one, both are meant and none is chosen. An id that no list shows may still exist (a team's): it is
 * given as `unlisted`. `prefix` goes before the id that a refusal suggests. Throws where none or several fit.
 */
export function findWorkspace(
  workspaces: readonly Workspace[],
  name: string,
  prefix = '',
): Workspace | {readonly unlisted: WorkspaceId} {
  const wanted = folded(name)
  const answersTo = (...names: readonly string[]): boolean =>
    wanted !== '' && names.some((one) => folded(one) === wanted)
  const own = workspaces.filter((one) => !one.isShared && answersTo(one.title, nameOf(one)))
  const byId = workspaces.find(({id}) => id === name)
  if (byId !== undefined && (!byId.isShared || own.length === 0)) return byId
  const isNumber = /^\d+$/.test(wanted)
  const shared = isNumber ? [] : workspaces.filter(({isShared, title}) => isShared && answersTo(title))
  const found = byId === undefined ? (own.length > 0 ? own : shared) : [...own, byId]
  if (found.length > 1) throw new AmbiguousWorkspaceError(name, found, prefix)
  const [only] = found
  if (only !== undefined) return only
  const id = /^[1-9]\d*$/.test(name) ? parseWorkspaceId(name) : undefined
  if (id === undefined) throw new WorkspaceNotFoundError(name)
  return {unlisted: id}
}

/** Two texts that a person can't tell apart by case, composition (UAX #15), width, invisible characters or blanks are one. */
const folded = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toLowerCase()
