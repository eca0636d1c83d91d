import {withAccount} from './account.ts'
import type {Check} from './check.ts'

const DAY_SECONDS = 86_400
const SOON_DAYS = 7

/** Somebody whom we believe vouches for the control plane, and for some time still. */
export const tlsCheck: Check = {
  name: 'tls',
  group: 'Control plane',
  about: 'it can be reached, somebody whom we believe vouches for it, and its certificate does not end soon',
  examine: (patient) =>
    withAccount(patient, async () => {
      const {peer} = await patient.meetService()
      if (peer === undefined) return {status: 'skip', detail: 'it showed no certificate that we could read'}
      const {issuer, validUntil} = peer
      const days =
        validUntil === undefined ? undefined : (validUntil.getTime() - patient.now().getTime()) / 1000 / DAY_SECONDS
      const detail = `"${issuer}" vouches for it${days === undefined ? '' : `, for ${Math.floor(days)} days`}`
      if (days === undefined || days > SOON_DAYS) return {status: 'ok', detail}
      return {status: 'warn', detail, hint: 'Whoever runs the control plane must renew its certificate.'}
    }),
}
