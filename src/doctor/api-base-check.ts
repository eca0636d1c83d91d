import {parseHttpsBase} from '../network/https-url.ts'
import {withAccount} from './account.ts'
import type {Check} from './check.ts'

/** The address of the control plane is https. */
export const apiBaseCheck: Check = {
  name: 'api-base',
  group: 'Account',
  about: 'the address of the control plane is https',
  examine: (patient) =>
    withAccount(patient, ({apiBase}) => ({
      status: 'ok',
      detail: parseHttpsBase(apiBase, 'The address of the control plane').href.replace(/\/$/, ''),
    })),
}
