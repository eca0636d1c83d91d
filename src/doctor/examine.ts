import {messageOf, RuncodeError} from '../core/errors.ts'
import {apiBaseCheck} from './api-base-check.ts'
import {attachmentCheck} from './attachment-check.ts'
import {caFilesCheck} from './ca-files-check.ts'
import type {Check, Finding, Patient} from './check.ts'
import {clockCheck} from './clock-check.ts'
import {controlPathCheck} from './control-path-check.ts'
import {controlPlaneCheck} from './control-plane-check.ts'
import {diskCheck} from './disk-check.ts'
import {entriesCheck} from './entries-check.ts'
import {foldersCheck} from './folders-check.ts'
import {gatewayCheck} from './gateway-check.ts'
import {gitSshCheck} from './git-ssh-check.ts'
import {hostKeyCheck} from './host-key-check.ts'
import {httpProxyCheck} from './http-proxy-check.ts'
import {leftoversCheck} from './leftovers-check.ts'
import {nodePathCheck} from './node-path-check.ts'
import {nodeSettingsCheck} from './node-settings-check.ts'
import {opensshCheck} from './openssh-check.ts'
import {profileCheck} from './profile-check.ts'
import {proxyStartCheck} from './proxy-start-check.ts'
import {remoteNoiseCheck} from './remote-noise-check.ts'
import {runcodeCheck} from './runcode-check.ts'
import {secretsCheck} from './secrets-check.ts'
import {sshConfigCheck} from './ssh-config-check.ts'
import {sshFilesCheck} from './ssh-files-check.ts'
import {systemCheck} from './system-check.ts'
import {tlsCheck} from './tls-check.ts'
import {tokenCheck} from './token-check.ts'

/** In the order in which a person would look, group by group. */
export const CHECKS: readonly Check[] = [
  ...[runcodeCheck, systemCheck, nodeSettingsCheck],
  ...[foldersCheck, secretsCheck, diskCheck, leftoversCheck],
  ...[opensshCheck('ssh'), opensshCheck('ssh-keygen'), controlPathCheck],
  ...[sshConfigCheck, sshFilesCheck, proxyStartCheck, nodePathCheck, gitSshCheck, entriesCheck],
  ...[profileCheck, apiBaseCheck, tokenCheck],
  ...[httpProxyCheck, caFilesCheck, tlsCheck, clockCheck, controlPlaneCheck],
  ...[attachmentCheck, gatewayCheck, hostKeyCheck, remoteNoiseCheck],
]

/** More than any check takes whose own limits hold. */
const LIMIT_MS = 30_000

export interface NamedFinding extends Finding {
  readonly name: string
}

/** Every check, side by side; one that fails, or never ends, never hides the rest. What several stumble over is told once. */
export async function examine(
  patient: Patient,
  {checks = CHECKS, limitMs = LIMIT_MS}: {checks?: readonly Check[]; limitMs?: number} = {},
): Promise<readonly NamedFinding[]> {
  const findings = await Promise.all(
    checks.map(async (check) => ({name: check.name, ...(await outcomeOf(check, patient, limitMs))})),
  )
  return findings.map((finding, at) => {
    const {name, status, detail} = finding
    const told = findings.slice(0, at).find((one) => one.status === 'fail' && one.detail === detail)
    return status === 'fail' && told !== undefined ? {name, status: 'skip', detail: `see ${told.name}`} : finding
  })
}

const outcomeOf = async (check: Check, patient: Patient, limitMs: number): Promise<Finding> => {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<Finding>((resolve) => {
    const detail = `it did not end within ${limitMs / 1000} s`
    timer = setTimeout(() => resolve({status: 'fail', detail}), limitMs)
  })
  try {
    return await Promise.race([check.examine(patient), over])
  } catch (error) {
    const {hint, said} = error instanceof RuncodeError ? error : {}
    return {status: 'fail', detail: messageOf(error), hint, ...(said === undefined ? {} : {said})}
  } finally {
    clearTimeout(timer)
  }
}
