import {messageOf, RuncodeError} from '../core/errors.ts'
import {apiBaseCheck} from './api-base-check.ts'
import type {Check, Finding, Patient} from './check.ts'
import {controlPathCheck} from './control-path-check.ts'
import {controlPlaneCheck} from './control-plane-check.ts'
import {entriesCheck} from './entries-check.ts'
import {foldersCheck} from './folders-check.ts'
import {gatewayCheck} from './gateway-check.ts'
import {gitSshCheck} from './git-ssh-check.ts'
import {nodePathCheck} from './node-path-check.ts'
import {opensshCheck} from './openssh-check.ts'
import {proxyStartCheck} from './proxy-start-check.ts'
import {remoteNoiseCheck} from './remote-noise-check.ts'
import {sshConfigCheck} from './ssh-config-check.ts'
import {sshFilesCheck} from './ssh-files-check.ts'
import {tokenCheck} from './token-check.ts'

/** In the order in which a person would look. */
const CHECKS: readonly Check[] = [
  opensshCheck('ssh'),
  opensshCheck('ssh-keygen'),
  foldersCheck,
  controlPathCheck,
  sshConfigCheck,
  sshFilesCheck,
  proxyStartCheck,
  nodePathCheck,
  gitSshCheck,
  apiBaseCheck,
  tokenCheck,
  controlPlaneCheck,
  gatewayCheck,
  entriesCheck,
  remoteNoiseCheck,
]

export interface NamedFinding extends Finding {
  readonly name: string
}

/** Every check, side by side; one that fails never hides the rest. */
export const examine = (patient: Patient): Promise<readonly NamedFinding[]> =>
  Promise.all(
    CHECKS.map(async ({name, examine: look}): Promise<NamedFinding> => {
      try {
        return {name, ...(await look(patient))}
      } catch (error) {
        return {
          name,
          status: 'fail',
          detail: messageOf(error),
          hint: error instanceof RuncodeError ? error.hint : undefined,
        }
      }
    }),
  )
