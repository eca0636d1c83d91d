import {findManagedHost, type ManagedTarget} from '../actions/proxy.ts'
import {namedGateway, parseGatewayWords} from './gateway-words.ts'
import {relayInChild} from './proxy-again.ts'
import {connectSsh, proxyContext} from './proxy-connect.ts'
import {parseProxyWords, proxyWay} from './proxy-words.ts'

/**
 * The short way to a managed host, by a good pass, and to a gateway (`--gateway`), for which all that it takes is in one
 * file (scripts/fuse.js). False for everything else: nothing was begun then, and main() does it from the beginning.
 */
export async function runWarmProxy(argv: readonly string[]): Promise<boolean> {
  const [target, named, way] = [parseProxyWords(argv), parseGatewayWords(argv), proxyWay()]
  if ((target === undefined && named === undefined) || way === 'person') return false
  if (way === 'again') {
    await relayInChild()
    return true
  }
  const isWaiting = way === 'handed over'
  if (named !== undefined) await connectSsh(namedGateway(named, argv, isWaiting))
  if (target === undefined) return true
  const found = await findWarm(target)
  if (found === undefined) return false
  const {context, gateway} = found
  await connectSsh({context, argv, isWaiting, open: async () => gateway})
  return true
}

/** What failed is told by those who try it again. */
const findWarm = async (target: ManagedTarget) => {
  try {
    const context = proxyContext()
    const gateway = await findManagedHost(context, target)
    return gateway === undefined ? undefined : {context, gateway}
  } catch {
    return undefined
  }
}
