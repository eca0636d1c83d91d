import {existsSync} from 'node:fs'
import {pauseBeforeTry} from '../core/deadline.ts'
import {EXIT, RuncodeError} from '../core/errors.ts'
import {signalStatus} from '../core/process.ts'
import {isPrivateSocket} from '../openssh/control-socket.ts'
import {
  ConnectionFailedError,
  explainUnasked,
  isHungUpOn,
  isMasterSilent,
  isTerminalRefused,
  isTurnedAway,
  reasonOf,
  withoutDebug,
} from '../openssh/explain.ts'
import {OpensshFailedError} from '../openssh/openssh-failed.ts'
import {findProgram} from '../openssh/programs.ts'
import {openLog} from './client-log.ts'
import {type ClientEnd, type ClientRun, runClient} from './ssh-client.ts'

/** The link broke after the command may have begun: it may have run to its end, or not. It is never run again by us. */
export class ConnectionLostError extends RuncodeError {
  /** Whether it had certainly begun. */
  readonly hasBegun: boolean

  constructor(host: string, {reason, hasBegun}: {reason: string | undefined; hasBegun: boolean}) {
    const why = reason === undefined ? '.' : `: ${reason}`
    super(`The connection to ${host} was lost while the command may have been running${why}`, {
      code: 'connection_lost',
      hint: 'Look on the workspace what it did before you run it again.',
      facts: {host},
    })
    this.hasBegun = hasBegun
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

/** A program that was sent along could not be kept on the workspace; it was not run. */
export class NoProgramError extends RuncodeError {
  constructor() {
    super('The program could not be written to the workspace. It was not run.', {
      code: 'not_sent',
      hint: 'Look whether its folder for temporary files is full: runcode exec -- df -h /tmp',
    })
  }
}

/** A terminal was asked for, and the gateway gave none; nothing was run. */
export class NoTerminalError extends RuncodeError {
  constructor() {
    super('The workspace gives no terminal. Nothing was run.', {
      code: 'no_terminal',
      hint: 'Run a command without one, as in: runcode exec -- ls -l',
    })
  }
}

/** ssh, or the far side, ended in a way that tells nothing: the command may have run. */
export class UnexplainedEndError extends OpensshFailedError {
  override readonly mayHaveRun: boolean = true
}

export interface RemoteResult {
  /** The command's own status, 128 + n where a signal ended it; 124 where our time limit did, 128 + n where a signal to us did. */
  readonly exitCode: number
  /** The name of that signal, without SIG. A program that itself ends with 128 + n looks the same. */
  readonly signal: string | undefined
  /** `reader`: whoever read our stdout left. */
  readonly endedBy: 'command' | 'timeout' | 'interruption' | 'reader'
  readonly hasBegun: boolean
  readonly usedMaster: boolean
}
type Verdict = Omit<RemoteResult, 'usedMaster'>

/** A client whose master dies under it would go on alone, over a connection of its own: it gets none. */
const OVER_MASTER = ['-o', 'ProxyCommand=false']
/** Nor does it wait for one where its config says that one is handed over, which it would tell in words of its own. */
const OVER_MASTER_PROXIED = [...OVER_MASTER, '-o', 'ProxyUseFdpass=no']
const ALONE = ['-o', 'ControlPath=none']
/** Of a command whose output nobody takes any more. */
const BROKEN_PIPE = signalStatus('SIGPIPE')
/** A gateway that is not there, or about to come back, gets so many knocks, and none after this time. */
const MOST_KNOCKS = 4
const KNOCKING_MS = 10_000
/** One that hangs up before it says who it is may only be busy (MaxStartups of sshd_config(5)): it gets them for so long. */
const CROWDED_MS = 30_000

/**
 * Runs one command in a workspace, over the master where one answers. Gives a status only where the far side told it, or
 * our own time limit ended it; throws where the status is not the command's own: the connection failed or was lost, the
 * directory is missing. Only what provably never began is tried again.
 */
export async function runRemote(run: ClientRun): Promise<RemoteResult> {
  const {host} = run.session
  const began = process.uptime()
  for (let knocks = 1; ; knocks += 1) {
    // Also between two knocks: somebody else may have got in and opened one.
    const over = await overMaster(run)
    if (over !== undefined) return {...judge(over, run, undefined), usedMaster: true}
    const ssh = await findProgram('ssh', run.env)
    const route = await run.route()
    const end = await runClient(ssh, {options: ALONE, route, log: openLog(run.session.folder, 'VERBOSE')}, run)
    const refusal = explainUnasked(end.said, host)
    const forMs = (process.uptime() - began) * 1000
    const isWorthIt = isHungUpOn(end.said) ? forMs < CROWDED_MS : knocks < MOST_KNOCKS && forMs < KNOCKING_MS
    // Its own word that it began goes before whatever a log leaves out.
    if (end.status.hasBegun || !(refusal instanceof ConnectionFailedError && isWorthIt) || end.signal !== undefined)
      return {...judge(end, run, refusal), usedMaster: false}
    await pauseBeforeTry(Math.min(knocks, MOST_KNOCKS), run.interrupted)
  }
}

/**
 * Undefined where no master took it: one that is full, has just ended, or is silent was asked for nothing, so nothing has
 * run. It is not asked first whether it is there, which would cost as much as half of ssh; what came of it stands in the log.
 */
const overMaster = async (run: ClientRun): Promise<ClientEnd | undefined> => {
  const {controlPath, isProxied, folder} = run.session
  if (controlPath === undefined || !existsSync(controlPath) || !(await isPrivateSocket(controlPath))) return undefined
  const ssh = await findProgram('ssh', run.env)
  const log = openLog(folder, 'DEBUG3')
  // A silent one would be waited for without a limit.
  if (log.path === undefined) return undefined
  const options = isProxied ? OVER_MASTER_PROXIED : OVER_MASTER
  const end = await runClient(ssh, {options, route: undefined, log}, run)
  return end.status.hasBegun || !(isTurnedAway(end.said) || isMasterSilent(end.said)) ? end : undefined
}

const judge = (end: ClientEnd, run: ClientRun, refusal: RuncodeError | undefined): Verdict => {
  const {session, task} = run
  const {host} = session
  const {status, ending, signal, timedOut, hasReaderLeft, said, noise} = end
  const {hasBegun, missing} = status
  if (status.exitCode !== undefined)
    return {exitCode: status.exitCode, signal: status.signal, endedBy: 'command', hasBegun}
  if (timedOut) return {exitCode: EXIT.timedOut, signal: undefined, endedBy: 'timeout', hasBegun}
  if (hasReaderLeft) return {exitCode: BROKEN_PIPE, signal: 'PIPE', endedBy: 'reader', hasBegun}
  if (missing === 'directory') throw new NoDirectoryError(task.directory ?? '~')
  if (missing === 'program') throw new NoProgramError()
  const words = withoutDebug(said)
  // The wrapper runs nothing without one.
  if (missing === 'terminal' || (!hasBegun && isTerminalRefused(said))) throw new NoTerminalError().quote(words)
  if (signal !== undefined)
    return {exitCode: signalStatus(signal), signal: signal.slice(3), endedBy: 'interruption', hasBegun}
  if (!hasBegun && refusal !== undefined) throw refusal.quote(words)
  // ssh's own status for whatever goes wrong on the way is 255 (ssh(1), EXIT STATUS).
  if (hasBegun || (ending.kind === 'exited' && ending.code === 255))
    throw new ConnectionLostError(host, {reason: reasonOf(said), hasBegun}).quote(words)
  throw new UnexplainedEndError('ssh', ending, noise).quote(`${noise}\n${words}`)
}
