import {openManagedHost} from '../actions/take-managed-pass.ts'
import {RuncodeError} from '../core/errors.ts'
import {parseGatewayWords} from './gateway-words.ts'
import {relayInChild} from './proxy-again.ts'
import {connectSsh, proxyContext} from './proxy-connect.ts'
import {parseProxyWords, proxyWay} from './proxy-words.ts'

/** The proxy speaks SSH on stdout, and that is a terminal. */
export class NotForPeopleError extends RuncodeError {
  constructor() {
    super('This is what ssh starts as a ProxyCommand, not a person.', {
      code: 'usage',
      hint: 'For a shell on a workspace: runcode ssh <workspace>',
    })
  }
}

/** Connects ssh to a managed host, also where a pass must be taken; false where the command line is for oclif. */
export async function runProxyPath(argv: readonly string[]): Promise<boolean> {
  const target = parseProxyWords(argv)
  // Whoever else says that has been served by runWarmProxy().
  if (parseGatewayWords(argv) !== undefined) throw new NotForPeopleError()
  if (target === undefined) return false
  const way = proxyWay()
  if (way === 'person') throw new NotForPeopleError()
  if (way === 'again') await relayInChild()
  else {
    const [context, isWaiting] = [proxyContext(), way === 'handed over']
    await connectSsh({
      ...{context, argv, isWaiting},
      open: (deadline) => openManagedHost(context, target, {isReadLater: isWaiting, deadline}),
    })
  }
  return true
}
