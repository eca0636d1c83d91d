import {appendFileSync} from 'node:fs'
import {findSshProxy} from '../actions/ssh-route.ts'
import {RuncodeError} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import {type GatewayAddress, GatewayUnreachableError} from '../network/connect-gateway.ts'
import {REPORT_VARIABLE, routeReport} from '../openssh/route.ts'
import {parseHostName} from '../workspace/host-name.ts'
import {type ProxyConnection, proxyContext, say} from './proxy-connect.ts'

/** What `proxy --gateway <profile> <host> <port>` names. */
type NamedGateway = Pick<GatewayAddress, 'host' | 'port'> & {readonly profile: string}

/** Undefined for everything else. */
export function parseGatewayWords(argv: readonly string[]): NamedGateway | undefined {
  const [command, flag, profile = '', host = '', port = '', ...rest] = argv
  if (command !== 'proxy' || flag !== '--gateway' || rest.length > 0) return undefined
  const isProfile = /^[a-z0-9-]{1,20}$/.test(profile)
  if (!isProfile || parseHostName(host) === undefined || !/^[1-9]\d{0,4}$/.test(port)) return undefined
  return {profile, host, port: Number(port)}
}

/**
 * A gateway in the way of a profile, as that stands there now; nothing is known of passes and keys. What the ssh of `exec`,
 * `ssh` and `connect` starts where the profile has an `ssh_proxy`, which then hears by its log why there is no connection.
 */
export function namedGateway(
  {profile, host, port}: NamedGateway,
  argv: readonly string[],
  isWaiting: boolean,
): ProxyConnection {
  const context = proxyContext()
  return {
    ...{context, argv, isWaiting},
    open: async () => ({host, port, sshProxy: await findSshProxy(context, profile)}),
    tell: (line, error) => {
      const logFile = context.env[REPORT_VARIABLE]
      if (logFile === undefined || !report(logFile, error)) say(line)
    },
  }
}

const report = (logFile: string, error: unknown): boolean => {
  if (!(error instanceof RuncodeError)) return false
  const reason = error instanceof GatewayUnreachableError ? error.reason : error.message
  try {
    appendFileSync(logFile, routeReport(printable(reason), {isFinal: !error.retryable}))
    return true
  } catch {
    return false
  }
}
