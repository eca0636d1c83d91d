import {access} from 'node:fs/promises'
import type {Workspace} from '../workspace/workspace.ts'
import type {HostEntry} from './host-names.ts'
import type {ParsedEntry} from './parse-block.ts'

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

/** What the entries of a file start that is not there: node or runcode were moved, or taken away. */
export async function missingPrograms(entries: readonly ParsedEntry[]): Promise<readonly string[]> {
  const paths = [...new Set(entries.flatMap(({programs}) => programs))]
  const isThere = await Promise.all(
    paths.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  )
  return paths.filter((_, at) => isThere[at] === false)
}
