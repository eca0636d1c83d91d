import {staleEntries} from '../user-ssh-config/stale-entries.ts'
import {NO_ACCOUNT} from './account.ts'
import type {Check} from './check.ts'
import {RENEW, withEntries} from './entries.ts'

const SHOWN = 5

/** The entries of the account are those of workspaces that it has. */
export const entriesCheck: Check = {
  name: 'entries',
  group: 'Hosts of config-ssh',
  about: 'each entry of the account has its workspace, by the name that it has',
  examine: (patient) =>
    withEntries(patient, async ({entries}) => {
      const account = await patient.findAccount().catch(() => undefined)
      if (account === undefined) return {status: 'skip', detail: NO_ACCOUNT}
      const own = entries.filter((entry) => entry.account === account.name)
      if (own.length === 0) return {status: 'skip', detail: `there are none of the profile ${account.name}`}
      const workspaces = await patient.listWorkspaces().catch(() => undefined)
      if (workspaces === undefined) return {status: 'skip', detail: 'the control plane could not be asked'}
      const stale = staleEntries(own, workspaces)
      if (stale.length === 0) return {status: 'ok', detail: `each of ${own.length} has its workspace`}
      const told = stale.slice(0, SHOWN).map(({alias, why}) => `${alias}: ${why}`)
      const more = stale.length > SHOWN ? `; and ${stale.length - SHOWN} more` : ''
      return {status: 'warn', detail: `${told.join('; ')}${more}`, hint: RENEW}
    }),
}
