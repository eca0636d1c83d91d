import {fstatSync} from 'node:fs'
import type {Socket} from 'node:net'
import type {Context} from '../actions/context.ts'
import {type ManagedTarget, openManagedHost} from '../actions/proxy.ts'
import {openProxyLog} from '../actions/proxy-log.ts'
import {type Deadline, deadlineIn} from '../core/deadline.ts'
import {RuncodeError} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import {connectGateway} from '../network/connect-gateway.ts'
import {parseWorkspaceId} from '../workspace/workspace.ts'
import {createContext} from './create-context.ts'
import {type Failure, failureOf} from './failure.ts'

/** All that happens before ssh has its connection; editors give it 15 s. */
export const LIMIT_MS = 12_000

/** The proxy speaks SSH on stdout, and that is a terminal. */
export class NotForPeopleError extends RuncodeError {
  constructor() {
    super('This is what ssh starts as a ProxyCommand, not a person.', {
      code: 'usage',
      hint: 'For a shell on a workspace: runcode ssh <workspace>',
    })
  }
}

/** `proxy <profile>/<workspace id> <user>`; undefined for everything else, which is oclif's. */
export function parseProxyWords(argv: readonly string[]): ManagedTarget | undefined {
  const [command, name = '', user = '', ...rest] = argv
  const [, profile, id = ''] = /^([a-z0-9-]{1,20})\/(.+)$/.exec(name) ?? []
  const workspaceId = parseWorkspaceId(id)
  if (command !== 'proxy' || profile === undefined || workspaceId === undefined || rest.length > 0) return undefined
  return /^(?!-)[A-Za-z0-9._-]{1,128}$/.test(user) ? {profile, workspaceId, user} : undefined
}

/**
 * Connects ssh to a managed host, or to a gateway (`--gateway`), and sets the exit status; false where the command line is
 * for oclif. Asks nothing, says nothing on stdout but SSH, and on stderr one line where it fails. Ends when ssh does.
 */
export async function runProxyPath(argv: readonly string[]): Promise<boolean> {
  if (argv[1] === '--gateway') return (await import('./gateway-path.ts')).runGatewayPath(argv)
  const target = parseProxyWords(argv)
  if (target === undefined) return false
  await connectSsh(async (context) => {
    const log = await openProxyLog(context)
    log(`${argv.join(' ')}, process ${process.pid} of ${process.ppid}`)
    return {
      reach: (ended, isReadLater) => reach(context, target, {ended, isReadLater, log}),
      done: log,
      failed: (failure) => {
        log(`${failure.code}: ${failureLine(failure)}`)
        if (failure.code !== 'interrupted') process.stderr.write(`${printable(failureLine(failure))}\n`)
      },
    }
  })
  return true
}

/** Opens a connection, until `ended`. */
export type Reach = (ended: AbortSignal) => Promise<Socket>

/** What is to be connected, and who hears how it ended. */
export interface Connecting {
  /** `isReadLater`: ssh waits for us and reads the key pair then. */
  readonly reach: (ended: AbortSignal, isReadLater: boolean) => Promise<Socket>
  readonly done: (how: string) => void
  readonly failed: (failure: Failure, error: unknown) => void
}

/** Gives ssh a connection in the way that it takes one, and sets the exit status. */
export async function connectSsh(begin: (context: Context) => Promise<Connecting>): Promise<void> {
  const [input, output] = [statsOf(0), statsOf(1)]
  // ssh that waits for a socket has one for both our streams. Node then took it for its own channel (NODE_CHANNEL_FD).
  const isWaiting = process.channel !== undefined && output?.isSocket() === true && output.ino === input?.ino
  if (process.channel !== undefined && !isWaiting) return (await import('./proxy-again.ts')).relayInChild()
  const context = createContext({
    progress: {step: (_title, work) => work(() => undefined)},
    warn: (message) => void process.stderr.write(`runcode: ${printable(message)}\n`),
  })
  const {reach: open, done, failed} = await begin(context)
  try {
    if (process.stdout.isTTY) throw new NotForPeopleError()
    const {carry} = isWaiting ? await import('./proxy-hand-over.ts') : await import('./proxy-relay.ts')
    done(await carry(context, (ended) => open(ended, isWaiting)))
  } catch (error) {
    const failure = failureOf(error)
    failed(failure, error)
    process.exitCode = failure.exit
  }
}

interface Reaching {
  readonly ended: AbortSignal
  readonly isReadLater: boolean
  readonly log: (line: string) => void
}

const reach = async (context: Context, target: ManagedTarget, {ended, isReadLater, log}: Reaching): Promise<Socket> => {
  const deadline: Deadline = deadlineIn(LIMIT_MS, ended)
  const gateway = await openManagedHost(context, target, {isReadLater, deadline})
  const {host, port, sshProxy, isReused} = gateway
  log(`a pass ${isReused ? 'at hand' : 'taken'}; to ${host} port ${port}${sshProxy === undefined ? '' : ' by a proxy'}`)
  const socket = await connectGateway(gateway, deadline)
  log(`connected to ${socket.remoteAddress}`)
  return socket
}

const failureLine = ({message, hint}: Failure): string =>
  `runcode: ${/[.!?]$/.test(message) ? message : `${message}.`}${hint === undefined ? '' : ` ${hint}`}`

const statsOf = (fd: number): ReturnType<typeof fstatSync> | undefined => {
  try {
    return fstatSync(fd)
  } catch {
    return undefined
  }
}
