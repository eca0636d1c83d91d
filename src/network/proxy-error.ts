import {messageOf, RuncodeError} from '../core/errors.ts'
import {isFinal, type UnconnectedError} from './open-tunnel.ts'
import type {HttpProxy} from './request-json.ts'

/** The HTTP proxy of the environment, or of the profile, connected us to nobody. It is named without its user and password. */
export class ProxyError extends RuncodeError {
  constructor(url: URL, proxy: HttpProxy, failure: UnconnectedError) {
    const {reason, hint} = faultOf(failure, proxy)
    super(`Could not reach ${url.origin} by way of the proxy ${proxy.url.host}: ${reason}`, {
      code: 'network',
      hint,
      retryable: !isFinal(failure),
      facts: {origin: url.origin, proxy: proxy.url.host},
      cause: failure,
    })
  }
}

interface Fault {
  readonly reason: string
  readonly hint: string
}

const faultOf = (failure: UnconnectedError, {url, setting}: HttpProxy): Fault => {
  const {kind, status, schemes} = failure
  const check = `Check ${setting}, or name the host of the control plane in NO_PROXY where it can be reached without a proxy.`
  switch (kind) {
    case 'unreachable':
      return {reason: `it cannot be reached (${messageOf(failure)}).`, hint: check}
    case 'silent':
      return {reason: 'it gave no answer in time.', hint: check}
    case 'broken':
      return {reason: 'what answers there is no HTTP proxy.', hint: check}
    case 'refused':
      // To CONNECT only the proxy itself can answer 401, and tinyproxy does for a wrong password.
      if (status === 407 || status === 401) return unknown(schemes, setting, url.username !== '')
      return {
        reason: `it ${messageOf(failure)}.`,
        hint: `Ask whoever runs the proxy to let this through. ${check}`,
      }
  }
}

const unknown = (schemes: readonly string[], setting: string, isNamed: boolean): Fault => {
  if (schemes.length > 0 && !schemes.some((scheme) => scheme.toLowerCase() === 'basic'))
    return {
      reason: `it wants to be asked by ${[...new Set(schemes)].join(' or ')}; only Basic is supported.`,
      hint: `Run a proxy on this machine that can, and name that one in ${setting}.`,
    }
  return isNamed
    ? {
        reason: `it does not accept the user and password of ${setting}.`,
        hint: 'Check them; special characters are written percent-encoded ("@" is %40).',
      }
    : {
        reason: 'it asks for a user and a password.',
        hint: `Name them in ${setting}: http://user:password@host:port, special characters percent-encoded.`,
      }
}
