import {randomBytes} from 'node:crypto'
import {RuncodeError} from '../core/errors.ts'
import {endingOf, passSignals, signalStatus, startAttached} from '../core/process.ts'
import {explainSsh} from '../openssh/explain.ts'
import {isMasterAlive} from '../openssh/master.ts'
import {findProgram} from '../openssh/programs.ts'
import type {Session} from '../session/session.ts'
import type {RemoteWords} from './remote-words.ts'
import {type RemoteStatus, StatusReader} from './status-reader.ts'
import {wrapCommand} from './wrapper.ts'

/** The link broke after the command began: it may have run to its end, or not. It is never run again by us. */
export class ConnectionLostError extends RuncodeError {
  constructor(host: string) {
    super(`The connection to ${host} was lost while the command may have been running.`, {
      code: 'connection_lost',
      hint: 'Look on the workspace what it did before you run it again.',
      facts: {host},
    })
  }
}

/** The directory is not there; the command was not run. */
export class NoDirectoryError extends RuncodeError {
  constructor(directory: string) {
    super(`The workspace has no directory ${directory} that can be entered. The command was not run.`, {
      code: 'no_directory',
      hint: 'Name another one with --cwd, or use --home.',
      facts: {directory},
    })
  }
}

export interface RemoteCommand {
  readonly session: Session
  readonly words: RemoteWords
  /** Absolute; undefined for HOME. */
  readonly directory: string | undefined
  readonly env: NodeJS.ProcessEnv
  /** Where stdout goes: straight to ours, or to a reader. stdin is always ours. */
  readonly stdout: 'inherit' | ((chunk: Buffer) => void)
  readonly stderr: (chunk: Buffer) => void
}

export interface RemoteResult {
  /** The command's own status, 128 + n where a signal ended it. */
  readonly exitCode: number
  readonly usedMaster: boolean
}

/**
 * Runs one command in a workspace, over the master where one answers. Gives a status only where the far side told it;
 * throws where it is not the command's own: the connection failed or was lost, the directory is missing.
 */
export async function runRemote({
  session,
  words,
  directory,
  env,
  stdout,
  stderr,
}: RemoteCommand): Promise<RemoteResult> {
  const ssh = await findProgram('ssh', env)
  const usedMaster = session.controlPath !== undefined && (await isMasterAlive(session.controlPath))
  const nonce = randomBytes(16).toString('hex')
  // A client whose master dies under it would go on alone, over a connection of its own: it gets none.
  const way = usedMaster ? ['-o', 'ProxyCommand=false'] : ['-o', 'ControlPath=none']
  const args = ['-T', '-F', session.configFile, ...way, session.alias, wrapCommand(words, {nonce, directory})]
  const child = startAttached(ssh, args, {env, stdio: ['inherit', stdout === 'inherit' ? 'inherit' : 'pipe', 'pipe']})
  if (stdout !== 'inherit') child.stdout?.on('data', stdout)
  const reader = new StatusReader(nonce)
  const before: Buffer[] = []
  child.stderr?.on('data', (chunk: Buffer) => {
    const bytes = reader.read(chunk)
    if (reader.status.hasBegun) stderr(Buffer.concat([...before.splice(0), bytes]))
    else before.push(bytes)
  })
  // What is sent to us is for the command: ssh gets it and ends, and the far side with it.
  const signals = passSignals(child, {passed: ['SIGINT', 'SIGTERM', 'SIGHUP'], ignored: []})
  const ending = await endingOf(child)
  signals.release()
  if (reader.status.hasBegun && reader.rest().length > 0) stderr(reader.rest())
  // ssh tells its own death by a signal that we passed on in several ways; ours is the signal itself.
  const signal = signals.first() ?? (ending.kind === 'signalled' ? ending.signal : undefined)
  const said = Buffer.concat(before).toString('utf8')
  return {exitCode: exitCodeOf(reader.status, {signal, host: session.host, directory, said}), usedMaster}
}

interface Surroundings {
  readonly signal: NodeJS.Signals | undefined
  readonly host: string
  readonly directory: string | undefined
  readonly said: string
}

const exitCodeOf = (status: RemoteStatus, {signal, host, directory, said}: Surroundings): number => {
  if (status.exitCode !== undefined) return status.exitCode
  if (status.lacksDirectory) throw new NoDirectoryError(directory ?? '~')
  if (signal !== undefined) return signalStatus(signal)
  if (status.hasBegun) throw new ConnectionLostError(host)
  throw explainSsh(said, host)
}
