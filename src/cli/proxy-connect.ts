import type {Context} from '../actions/context.ts'
import {openProxyLog} from '../actions/proxy-log.ts'
import {type Deadline, deadlineIn} from '../core/deadline.ts'
import {printable} from '../core/printable.ts'
import {connectGateway, type GatewayAddress} from '../network/connect-gateway.ts'
import {createContext} from './create-context.ts'
import {type Failure, failureOf} from './failure.ts'
import {handOver} from './proxy-hand-over.ts'
import {relay} from './proxy-relay.ts'
import type {Reach} from './proxy-words.ts'

/** From our start until ssh has its connection; editors give it 15 s. */
const LIMIT_MS = 12_000

export interface ProxyConnection {
  readonly context: Context
  readonly argv: readonly string[]
  readonly isWaiting: boolean
  /** Finds the gateway; that of a managed host with a pass on disk for it. */
  open(deadline: Deadline): Promise<GatewayAddress & {readonly isReused?: boolean}>
  /** Hears why there is no connection; by default stderr. */
  readonly tell?: (line: string, error: unknown) => void
}

/** The world of a proxy: it shows no progress. */
export const proxyContext = (): Context =>
  createContext({
    progress: {step: (_title, work) => work(() => undefined)},
    warn: (message) => void process.stderr.write(`runcode: ${printable(message)}\n`),
  })

/**
 * Connects ssh and sets the exit status. Asks nothing, says nothing on stdout but SSH, and on stderr one line where it
 * fails. Ends when ssh does.
 */
export async function connectSsh({context, argv, isWaiting, open, tell = say}: ProxyConnection): Promise<void> {
  const log = await openProxyLog(context)
  log(`${argv.join(' ')}, process ${process.pid} of ${process.ppid}`)
  const reach: Reach = async (ended) => {
    const deadline = deadlineIn(LIMIT_MS - process.uptime() * 1000, ended)
    const gateway = await open(deadline)
    const {host, port, sshProxy, isReused} = gateway
    const pass = isReused === undefined ? '' : `a pass ${isReused ? 'at hand' : 'taken'}; `
    log(`${pass}to ${host} port ${port}${sshProxy === undefined ? '' : ' by a proxy'}`)
    const socket = await connectGateway(gateway, deadline)
    log(`connected to ${socket.remoteAddress}`)
    return socket
  }
  const explain = (error: unknown): string => {
    const failure = failureOf(error)
    const line = lineOf(failure)
    log(`${failure.code}: ${line}`)
    process.exitCode = failure.exit
    if (failure.code !== 'interrupted') tell(line, error)
    return printable(line)
  }
  try {
    log(await (isWaiting ? handOver : relay)(context, reach, explain))
  } catch (error) {
    explain(error)
  }
}

/** Where nobody reads what we say of ourselves, the exit status says enough. */
export const say = (line: string): void => {
  process.stderr.on('error', () => undefined)
  process.stderr.write(`${printable(line)}\n`)
}

const lineOf = ({message, hint}: Failure): string =>
  `runcode: ${/[.!?]$/.test(message) ? message : `${message}.`}${hint === undefined ? '' : ` ${hint}`}`
