import {deadlineIn} from '../core/deadline.ts'
import {createAskSsh} from '../user-ssh-config/ask-ssh.ts'
import {describeOtherHome} from '../user-ssh-config/config-file.ts'
import {entryFault} from '../user-ssh-config/entry-fault.ts'
import {missingPrograms} from '../user-ssh-config/stale-entries.ts'
import type {Check, Patient} from './check.ts'
import {RENEW, readEntries} from './entries.ts'

const LIMIT_MS = 10_000
/** Entries are alike; so many are asked about. */
const ASKED = 5

/** The entries of config-ssh are whole, start what is there, and ssh goes by them. */
export const sshConfigCheck: Check = {
  name: 'ssh-config',
  group: 'Hosts of config-ssh',
  about: 'the managed block is whole, what it starts is there, and `ssh -G` goes by it',
  fixes: 'writes the entries anew where what they start is gone',
  examine: async (patient) => {
    const {env, home} = patient
    const {file, path, included, isIncluding, entries} = await readEntries(patient)
    if (isIncluding && included.text === undefined)
      return {status: 'warn', detail: `${path} includes ${included.path}, which is not there`, hint: RENEW}
    if (entries.length === 0) return {status: 'ok', detail: `no entries in ${path}`}
    const missing = await missingPrograms(entries)
    if (missing.length > 0)
      return {
        status: 'fail',
        detail: `the entries start ${missing.join(', ')}, which is not there`,
        hint: RENEW,
        fixes: [{did: `Wrote the entries of ${path} anew.`, apply: () => repair(patient)}],
      }
    const ask = await createAskSsh(env, deadlineIn(LIMIT_MS, new AbortController().signal))
    for (const entry of entries.slice(0, ASKED)) {
      const fault = await entryFault(ask, file.path, entry)
      if (fault !== undefined) return {status: 'fail', detail: fault, hint: RENEW}
    }
    const other = describeOtherHome(home)
    if (other !== undefined) return {status: 'warn', detail: other}
    return {status: 'ok', detail: `${entries.length} ${entries.length === 1 ? 'entry' : 'entries'} in ${path}`}
  },
}

const repair = async (patient: Patient): Promise<void> => {
  await patient.repairEntries()
  const missing = await missingPrograms((await readEntries(patient)).entries)
  if (missing.length > 0) throw new TypeError(`they still start ${missing.join(', ')}`)
}
