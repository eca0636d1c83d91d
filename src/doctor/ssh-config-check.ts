import {deadlineIn} from '../core/deadline.ts'
import {type AskSsh, createAskSsh} from '../user-ssh-config/ask-ssh.ts'
import {describeOtherHome} from '../user-ssh-config/config-file.ts'
import {missingPrograms} from '../user-ssh-config/entry-programs.ts'
import {optionIn, type ParsedEntry} from '../user-ssh-config/parse-block.ts'
import type {Check} from './check.ts'
import {RENEW, readEntries} from './entries.ts'

const LIMIT_MS = 10_000
/** Entries are alike; so many are asked about. */
const ASKED = 5

/** The entries of config-ssh are whole, start what is there, and ssh goes by them. */
export const sshConfigCheck: Check = {
  name: 'ssh-config',
  examine: async (patient) => {
    const {env, home} = patient
    const {file, path, entries} = await readEntries(patient)
    if (entries.length === 0) return {status: 'ok', detail: `no entries in ${path}`}
    const missing = await missingPrograms(entries)
    if (missing.length > 0)
      return {status: 'fail', detail: `the entries start ${missing.join(', ')}, which is not there`, hint: RENEW}
    const ask = await createAskSsh(env, deadlineIn(LIMIT_MS, new AbortController().signal))
    for (const entry of entries.slice(0, ASKED)) {
      const fault = await faultOf(ask, file.path, entry)
      if (fault !== undefined) return {status: 'fail', detail: fault, hint: RENEW}
    }
    const other = describeOtherHome(home)
    if (other !== undefined) return {status: 'warn', detail: other}
    return {status: 'ok', detail: `${entries.length} ${entries.length === 1 ? 'entry' : 'entries'} in ${path}`}
  },
}

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

const faultOf = async (ask: AskSsh, path: string, {alias, lines}: ParsedEntry): Promise<string | undefined> => {
  const answer = await ask(path, alias)
  if (answer.options === undefined) return `ssh cannot read ${path}: ${answer.why}`
  const {options} = answer
  const wrong = TOLD.find((keyword) => options.get(keyword.toLowerCase())?.[0] !== optionIn(lines, keyword))
  if (wrong !== undefined)
    return `another ${wrong} than that of the entry counts for ${alias}: it is no longer first in the file`
  const isStrict = ['true', 'yes'].includes(options.get('stricthostkeychecking')?.[0] ?? '')
  return isStrict
    ? undefined
    : `the host key of ${alias} would not be checked: its entry is no longer first in the file`
}
