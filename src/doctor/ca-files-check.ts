import {readCa} from '../network/authorities.ts'
import {withAccount} from './account.ts'
import type {Check} from './check.ts'

/** Files of authorities can be read, and hold some. */
export const caFilesCheck: Check = {
  name: 'ca-files',
  group: 'Control plane',
  about: 'the CA files of the profile and of RUNCODE_CA_FILE can be read, and hold certificates',
  examine: (patient) =>
    withAccount(patient, async ({caFile}) => {
      const named = [caFile, patient.env['RUNCODE_CA_FILE']].filter((path) => path)
      for (const path of named) await readCa(path ?? '')
      return {status: 'ok', detail: named.length === 0 ? 'none is named' : named.join(', ')}
    }),
}
