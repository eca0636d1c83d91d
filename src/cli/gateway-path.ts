import {appendFileSync} from 'node:fs'
import {findSshProxy} from '../actions/ssh-route.ts'
import {deadlineIn} from '../core/deadline.ts'
import {printable} from '../core/printable.ts'
import {connectGateway, type GatewayAddress, GatewayUnreachableError} from '../network/connect-gateway.ts'
import {REPORT_VARIABLE, routeReport} from '../openssh/route.ts'
import {parseHostName} from '../workspace/host-name.ts'
import {connectSsh, LIMIT_MS} from './proxy-path.ts'

/** What `proxy --gateway <profile> <host> <port>` names. */
type NamedGateway = Pick<GatewayAddress, 'host' | 'port'> & {readonly profile: string}

/** Undefined for everything else, which is oclif's. */
export function parseGatewayWords(argv: readonly string[]): NamedGateway | undefined {
  const [command, flag, profile = '', host = '', port = '', ...rest] = argv
  if (command !== 'proxy' || flag !== '--gateway' || rest.length > 0) return undefined
  const isProfile = /^[a-z0-9-]{1,20}$/.test(profile)
  if (!isProfile || parseHostName(host) === undefined || !/^[1-9]\d{0,4}$/.test(port)) return undefined
  return {profile, host, port: Number(port)}
}

/**
 * Connects ssh to a gateway in the way of a profile, as it stands there now, and knows nothing of passes or keys: what our
 * own configs of ssh start where the profile has an `ssh_proxy`. As runProxyPath() otherwise.
 */
export async function runGatewayPath(argv: readonly string[]): Promise<boolean> {
  const gateway = parseGatewayWords(argv)
  if (gateway === undefined) return false
  await connectSsh(async (context) => ({
    reach: async (ended) => {
      const sshProxy = await findSshProxy(context, gateway.profile)
      return connectGateway({...gateway, sshProxy}, deadlineIn(LIMIT_MS, ended))
    },
    done: () => undefined,
    failed: ({code, message, retryable}, error) => {
      const reason = error instanceof GatewayUnreachableError ? error.reason : message
      const line = routeReport(printable(reason), {isFinal: !retryable})
      if (code !== 'interrupted') tell(context.env[REPORT_VARIABLE], line)
    },
  }))
  return true
}

/** Into the log of the ssh that started us where it has one, else on stderr. */
const tell = (logFile: string | undefined, line: string): void => {
  try {
    if (logFile === undefined) process.stderr.write(`${printable(line.trim())}\n`)
    else appendFileSync(logFile, line)
  } catch {
    process.stderr.write(`${printable(line.trim())}\n`)
  }
}
