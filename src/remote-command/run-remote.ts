import {randomBytes} from 'node:crypto'
import {RuncodeError} from '../core/errors.ts'
import {throwIfInterrupted} from '../core/interrupted.ts'
import {type Ending, endingOf, passSignals, signalStatus, startAttached} from '../core/process.ts'
import {explainRefusal, isMasterFull, isMasterGone} from '../openssh/explain.ts'
import {isMasterAlive} from '../openssh/master.ts'
import {lastLine, OpensshFailedError} from '../openssh/openssh-failed.ts'
import {findProgram} from '../openssh/programs.ts'
import type {Session} from '../session/session.ts'
import type {RemoteWords} from './remote-words.ts'
import {type RemoteStatus, StatusReader} from './status-reader.ts'
import {wrapCommand} from './wrapper.ts'

/** The link broke after the command may have begun: it may have run to its end, or not. It is never run again by us. */
export class ConnectionLostError extends RuncodeError {
  constructor(host: string, reason: string | undefined) {
    const why = reason === undefined ? '.' : `: ${reason}`
    super(`The connection to ${host} was lost while the command may have been running${why}`, {
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
  /** Aborts on Ctrl-C; where it has before ssh starts, nothing is run. */
  readonly interrupted: AbortSignal
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
export async function runRemote(command: RemoteCommand): Promise<RemoteResult> {
  const ssh = await findProgram('ssh', command.env)
  const {controlPath} = command.session
  const isAlive = controlPath !== undefined && (await isMasterAlive(controlPath))
  const over = isAlive ? await attempt(ssh, OVER_MASTER, command) : undefined
  // A master that is full, or has just ended, opened no session, so nothing has run; a connection of its own may.
  const isTurnedAway =
    over !== undefined && !over.status.hasBegun && (isMasterFull(over.said) || isMasterGone(over.said))
  const outcome = over === undefined || isTurnedAway ? await attempt(ssh, ALONE, command) : over
  return {exitCode: exitCodeOf(outcome, command), usedMaster: isAlive && !isTurnedAway}
}

/** What came before the command began is kept up to this many bytes, the last ones. */
const LIMIT_BYTES = 1 << 20

/** A client whose master dies under it would go on alone, over a connection of its own: it gets none. */
const OVER_MASTER = ['-o', 'ProxyCommand=false']
const ALONE = ['-o', 'ControlPath=none']

/** Signals to us that are for the command. */
const PASSED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

interface Outcome {
  readonly status: RemoteStatus
  readonly ending: Ending
  /** The first signal that ended it, ours or its own. */
  readonly signal: NodeJS.Signals | undefined
  /** What came on stderr before the command began: the words of ssh, and of rc files. */
  readonly said: string
}

const attempt = async (ssh: string, way: readonly string[], command: RemoteCommand): Promise<Outcome> => {
  const {session, words, directory, env, stdout, stderr, interrupted} = command
  const nonce = randomBytes(16).toString('hex')
  const args = ['-T', '-F', session.configFile, ...way, session.alias, wrapCommand(words, {nonce, directory})]
  throwIfInterrupted(interrupted)
  const child = startAttached(ssh, args, {env, stdio: ['inherit', stdout === 'inherit' ? 'inherit' : 'pipe', 'pipe']})
  // What is sent to us is for the command: ssh gets it and ends, and the far side with it.
  const signals = passSignals(child, {passed: PASSED, ignored: []})
  if (stdout !== 'inherit') child.stdout?.on('data', stdout)
  const reader = new StatusReader(nonce)
  let before = Buffer.alloc(0)
  child.stderr?.on('data', (chunk: Buffer) => {
    const bytes = Buffer.concat([before, reader.read(chunk)])
    before = Buffer.from(reader.status.hasBegun ? [] : bytes.subarray(-LIMIT_BYTES))
    if (reader.status.hasBegun) stderr(bytes)
  })
  const ending = await endingOf(child)
  signals.release()
  if (reader.status.hasBegun && reader.rest().length > 0) stderr(reader.rest())
  // ssh tells its own death by a signal that we passed on in several ways; ours is the signal itself. A terminal sends
  // it to both of us, and we may hear of ssh's end before we hear of the signal.
  const own = ending.kind === 'signalled' && PASSED.includes(ending.signal) ? ending.signal : undefined
  return {status: reader.status, ending, signal: signals.first() ?? own, said: before.toString('utf8')}
}

const exitCodeOf = ({status, ending, signal, said}: Outcome, {session: {host}, directory}: RemoteCommand): number => {
  if (status.exitCode !== undefined) return status.exitCode
  if (status.lacksDirectory) throw new NoDirectoryError(directory ?? '~')
  if (signal !== undefined) return signalStatus(signal)
  if (status.hasBegun) throw new ConnectionLostError(host, undefined)
  const refusal = explainRefusal(said, host)
  if (refusal !== undefined) throw refusal
  // ssh's own status for whatever goes wrong on the way is 255 (ssh(1), EXIT STATUS).
  const isLost = ending.kind === 'exited' && ending.code === 255
  throw isLost ? new ConnectionLostError(host, lastLine(said)) : new OpensshFailedError('ssh', ending, said)
}
