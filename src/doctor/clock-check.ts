import {formatDuration} from '../core/duration.ts'
import {withAccount} from './account.ts'
import type {Check, Patient} from './check.ts'

/** Passes are worth half an hour, and certificates begin when they are made. */
const TOLERABLE_SECONDS = 60

/** The clock of this machine goes with that of the control plane. */
export const clockCheck: Check = {
  name: 'clock',
  group: 'Control plane',
  about: 'the clock of this machine goes with that of the control plane, within a minute',
  examine: (patient) => withAccount(patient, () => judge(patient)),
}

const judge: (patient: Patient) => ReturnType<Check['examine']> = async ({meetService}) => {
  const facts = await meetService().catch(() => undefined)
  if (facts === undefined) return {status: 'skip', detail: 'the control plane could not be asked'}
  const {aheadSeconds} = facts
  if (aheadSeconds === undefined) return {status: 'skip', detail: 'the control plane does not tell the time'}
  const off = Math.round(Math.abs(aheadSeconds))
  if (off <= TOLERABLE_SECONDS) return {status: 'ok', detail: 'goes with that of the control plane'}
  return {
    status: 'warn',
    detail: `the clock of this machine is ${formatDuration(off)} ${aheadSeconds > 0 ? 'ahead of' : 'behind'} that of the control plane`,
    hint: 'Let this machine set its clock by the network (timedatectl set-ntp true). Certificates and passes may count as over.',
  }
}
