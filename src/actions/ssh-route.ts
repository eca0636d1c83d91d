import {routeByUs} from '../openssh/proxy-command.ts'
import type {Route} from '../openssh/route.ts'
import type {ProfileName} from '../profile/profile.ts'
import {readProfiles} from '../profile/profile-file.ts'
import type {Context} from './context.ts'

/** The HTTP proxy by which SSH goes to the gateways of an account; undefined: straight there. */
export async function findSshProxy({folders}: Pick<Context, 'folders'>, account: string): Promise<URL | undefined> {
  return (await readProfiles(folders.config)).profiles.get(account as ProfileName)?.sshProxy
}

/**
 * How ssh is to get to the gateways of an account at this moment. It is told the name of the account only; what stands
 * in the profile is read by the one that connects.
 */
export async function sshRoute(context: Pick<Context, 'folders' | 'program'>, account: string): Promise<Route> {
  const proxy = await findSshProxy(context, account)
  return proxy === undefined ? [] : routeByUs(context.program, gatewayWords(account))
}

/** The words of our ProxyCommand behind the program: `proxy --gateway <account> <host> <port>`; ssh fills in the last two. */
const gatewayWords = (account: string): readonly string[] => ['proxy', '--gateway', account, '%h', '%p']
