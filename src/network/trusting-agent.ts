import {Agent} from 'node:https'
import {createSecureContext, type SecureContext} from 'node:tls'

/** How TLS is spoken with whoever is vouched for by some authorities. */
export interface Trusting {
  readonly secureContext: SecureContext
  /** Keeps connections for the next request, as Node's own does. */
  readonly agent: Agent
}

let last: {readonly text: string; readonly trusting: Trusting} | undefined

/** One for all requests of a process: to read the hundreds of authorities of a system takes longer than a request. */
export function trustingAgent(authorities: readonly string[]): Trusting {
  const text = authorities.join('\n')
  if (last?.text !== text) {
    const secureContext = createSecureContext({ca: [...authorities]})
    last = {text, trusting: {secureContext, agent: new Agent({keepAlive: true, secureContext})}}
  }
  return last.trusting
}
