import type {Store, StoredWorkspace} from '../store/store.ts'
import {Refusal} from './refusal.ts'

/** JSON schema of an id in a path or a query, where it is text. */
export const ID_SCHEMA = {type: 'string', pattern: '^[1-9][0-9]{0,14}$'} as const

/** The workspace of an id that fits ID_SCHEMA. Throws Refusal 404. */
export function knownWorkspace(store: Store, id: string): StoredWorkspace {
  const workspace = store.workspaces.get(Number(id))
  if (workspace === undefined) throw new Refusal(404, `There is no workspace ${id}.`)
  return workspace
}
