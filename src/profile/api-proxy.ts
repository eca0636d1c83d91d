import {RuncodeError} from '../core/errors.ts'
import {isWithoutProxy} from './no-proxy.ts'
import {parseSshProxy, SSH_PROXY_FORM} from './ssh-proxy.ts'

/** What names the proxy of the environment is no address of one. It may hold a password, and is not shown. */
export class InvalidProxyError extends RuncodeError {
  constructor(variable: string) {
    super(`${variable} is not of the form ${SSH_PROXY_FORM}.`, {
      code: 'usage',
      hint: `Set ${variable} to such an address, special characters of the user and password percent-encoded, or unset it.`,
      facts: {variable},
    })
  }
}

/** The HTTP proxy for requests to a control plane. */
export interface ApiProxy {
  readonly url: URL
  /** What names it, in words: a variable, or the field of the profile. */
  readonly setting: string
}

/** In the order of curl (curl(1), ENVIRONMENT); one that is empty is as good as unset. */
const VARIABLES: readonly string[] = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY']
/** This machine as the proxy calls it is another one. */
const OURSELVES = 'localhost 127.0.0.0/8 ::1'

/**
 * The proxy that the environment has for an address (HTTPS_PROXY, NO_PROXY), as curl takes it; where it names none, the one of the
 * profile. NO_PROXY counts for both, and this machine itself is always reached straight, as Go and browsers do. Throws InvalidProxyError.
 */
export function apiProxy(env: NodeJS.ProcessEnv, url: URL, ofProfile: URL | undefined): ApiProxy | undefined {
  const variable = VARIABLES.find((name) => env[name])
  if (variable === undefined && ofProfile === undefined) return undefined
  if (isWithoutProxy(url, `${OURSELVES} ${env['no_proxy'] || env['NO_PROXY'] || ''}`)) return undefined
  if (variable === undefined) return ofProfile && {url: ofProfile, setting: 'the https_proxy of the profile'}
  const text = env[variable] ?? ''
  const proxy = parseSshProxy(text.includes('://') ? text : `http://${text}`)
  if (proxy === undefined) throw new InvalidProxyError(variable)
  return {url: proxy, setting: variable}
}
