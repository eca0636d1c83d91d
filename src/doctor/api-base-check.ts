import {parseHttpsBase} from '../network/https-url.ts'
import type {Check} from './check.ts'

/** The address of the control plane is https. */
export const apiBaseCheck: Check = {
  name: 'api-base',
  examine: async ({apiBase, account}) => ({
    status: 'ok',
    detail: `${parseHttpsBase(apiBase, 'The address of the control plane').href.replace(/\/$/, '')} (profile ${account})`,
  }),
}
