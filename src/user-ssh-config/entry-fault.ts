import type {AskSsh} from './ask-ssh.ts'
import {optionIn, type ParsedEntry} from './parse-block.ts'

/** Options whose value ssh tells as it was written. */
const TOLD = [
  'HostName',
  'User',
  'Port',
  'ProxyCommand',
  'HostKeyAlias',
  'ProxyUseFdpass',
  'IdentitiesOnly',
  'ForwardAgent',
]

/** Why ssh does not go by an entry of a file, or undefined where it does. */
export async function entryFault(
  ask: AskSsh,
  path: string,
  {alias, lines}: Pick<ParsedEntry, 'alias' | 'lines'>,
): Promise<string | undefined> {
  const answer = await ask(path, alias)
  if (answer.options === undefined) return `ssh cannot read ${path}: ${answer.why}`
  const {options} = answer
  const wrong = TOLD.find((keyword) => options.get(keyword.toLowerCase())?.[0] !== optionIn(lines, keyword))
  if (wrong !== undefined)
    return `another ${wrong} than that of the entry counts for ${alias}: it is not first in the file`
  const isStrict = ['true', 'yes'].includes(options.get('stricthostkeychecking')?.[0] ?? '')
  return isStrict
    ? undefined
    : `the host key of ${alias} would not be checked: its entry is no longer first in the file`
}
