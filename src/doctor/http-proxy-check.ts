import {withAccount} from './account.ts'
import type {Check} from './check.ts'

/** The proxy that the environment or the profile names for requests; its user and password are nobody's to read. */
export const httpProxyCheck: Check = {
  name: 'http-proxy',
  group: 'Control plane',
  about: 'what HTTPS_PROXY and NO_PROXY, or the https_proxy of the profile, say of the way there',
  examine: (patient) =>
    withAccount(patient, ({findApiProxy}) => {
      const proxy = findApiProxy()
      if (proxy !== undefined)
        return {status: 'ok', detail: `requests go by way of ${proxy.url.host} (${proxy.setting})`}
      const {HTTPS_PROXY, https_proxy, ALL_PROXY, all_proxy} = patient.env
      const isNamed = [HTTPS_PROXY, https_proxy, ALL_PROXY, all_proxy].some((one) => one)
      return {
        status: 'ok',
        detail: isNamed ? 'requests go straight there, as NO_PROXY says, or as it is this machine' : 'none is named',
      }
    }),
}
