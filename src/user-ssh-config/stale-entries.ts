import type {Workspace} from '../workspace/workspace.ts'
import type {HostEntry} from './host-names.ts'

/** An entry whose workspace is not as it says, and in what. */
export interface StaleEntry {
  readonly alias: string
  readonly why: string
}

/** Which entries of one account are not true any more, given all its workspaces. */
export const staleEntries = (
  entries: readonly HostEntry[],
  workspaces: readonly Pick<Workspace, 'id' | 'title'>[],
): readonly StaleEntry[] =>
  entries.flatMap(({alias, workspaceId, user}) => {
    const found = workspaces.find(({id}) => id === workspaceId)
    if (found === undefined) return [{alias, why: `the workspace ${workspaceId} is not there any more`}]
    return found.title === user ? [] : [{alias, why: `the workspace ${workspaceId} is called ${found.title} now`}]
  })
