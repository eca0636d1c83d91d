import {access} from 'node:fs/promises'
import type {ParsedEntry} from './parse-block.ts'

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
