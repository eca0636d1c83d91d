import type {AskSsh} from './ask-ssh.ts'
import {BrokenConfigError, lostOptions} from './check-candidate.ts'
import type {ParsedEntry} from './parse-block.ts'

/** Why ssh does not go by an entry of a file, or undefined where it does. Throws BrokenConfigError. */
export async function entryFault(
  ask: AskSsh,
  path: string,
  {alias, lines}: Pick<ParsedEntry, 'alias' | 'lines'>,
): Promise<string | undefined> {
  const options = lines.slice(2)
  const wanted = await ask('none', alias, options)
  if (wanted.options === undefined) return `ssh cannot read the entry of ${alias}: ${wanted.why}`
  const found = await ask(path, alias)
  if (found.options === undefined) throw new BrokenConfigError(path, found.why).quote(found.said)
  const keywords = new Map(
    options.map((line) => line.trim().split(' ')[0] ?? '').map((one) => [one.toLowerCase(), one]),
  )
  const [lost] = lostOptions(wanted.options, found.options, new Set(keywords.keys()))
  if (lost === undefined) return undefined
  return `another ${keywords.get(lost)} than that of the entry counts for ${alias}: it is not first in the file`
}
