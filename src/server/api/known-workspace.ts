import type {Store, StoredWorkspace} from '../store/store.ts'
import {Refusal} from './refusal.ts'

/** JSON schema of an id in a path or a query, where it is text. */
export const ID_SCHEMA = {type: 'string', pattern: '^[1-9][0-9]{0,14}$'} as const

/** JSON schema of what RunCode's clients call the id of a workspace: any digits. One that is no id is not found. */
export const WORKSPACE_ID_SCHEMA = {type: 'string', pattern: '^[0-9]{1,32}$'} as const

/** The workspace of an id that fits WORKSPACE_ID_SCHEMA. Throws Refusal 404. */
export function knownWorkspace(store: Store, id: string): StoredWorkspace {
  const workspace = new RegExp(ID_SCHEMA.pattern).test(id) ? store.workspaces.get(Number(id)) : undefined
  if (workspace === undefined) throw new Refusal(404, `There is no workspace ${id}.`)
  return workspace
}
