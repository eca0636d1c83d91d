import type {Readable} from 'node:stream'
import {throwIfInterrupted} from '../core/interrupted.ts'
import {type ChildProcess, type Ending, endingOf, passSignals} from '../core/process.ts'
import {randomHex} from '../core/random-hex.ts'
import {stopWith} from '../core/terminal.ts'
import {startTied} from '../core/tied-process.ts'
import {type Route, routeArgs, routeEnvironment} from '../openssh/route.ts'
import type {Session} from '../session/session.ts'
import {openLog} from './client-log.ts'
import {CommandOutput, written} from './command-output.ts'
import {heldBack} from './held-back.ts'
import {openInput} from './input.ts'
import {passOn, type Sink} from './pass-on.ts'
import {type RemoteStatus, StatusReader} from './status-reader.ts'
import {type RemoteTask, wrapCommand} from './wrapper.ts'

/** One run of the ssh client with a task for the far side. */
export interface ClientRun {
  readonly session: Session
  /** How ssh gets to the gateway where it has to connect. */
  readonly route: () => Promise<Route>
  readonly task: RemoteTask
  /** With a terminal on the far side, where stdout and stderr are one. */
  readonly hasTerminal: boolean
  /** The command gets our stdin, or an empty one. */
  readonly stdin: 'inherit' | 'ignore'
  readonly stdout: Sink
  readonly stderr: Sink
  readonly timeoutSeconds: number | undefined
  readonly env: NodeJS.ProcessEnv
  /** Aborts on Ctrl-C; where it has before ssh starts, nothing is run. */
  readonly interrupted: AbortSignal
}

/** What became of it. */
export interface ClientEnd {
  readonly status: RemoteStatus
  readonly ending: Ending
  /** The first signal that ended it, ours or its own. */
  readonly signal: NodeJS.Signals | undefined
  readonly timedOut: boolean
  /** The reader of our stdout left before the command ended, which was ended for that. */
  readonly hasReaderLeft: boolean
  /** The words of ssh itself at LogLevel VERBOSE. Empty where they could not be kept. */
  readonly said: string
  /** What came from the far side on stdout, where the command did not begin: the words of rc files. */
  readonly noise: string
}

/** ssh gets this long to end after TERM. */
const PATIENCE_MS = 2000
/** Signals to us that are for the command. */
const PASSED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs ssh with a wrapped task, once; `way` are further options, and `route` how it connects. Whatever ends us ends ssh, and so the channel, and so the
 * command: see wrapCommand.
 */
export async function runClient(
  ssh: string,
  {way, route}: {readonly way: readonly string[]; readonly route: Route},
  run: ClientRun,
): Promise<ClientEnd> {
  const {session, task, hasTerminal, stdout, stderr, env, interrupted} = run
  const nonce = randomHex(16)
  const line = wrapCommand(task, nonce, {hasTerminal})
  throwIfInterrupted(interrupted)
  const log = openLog(session.folder)
  const input = openInput(run)
  try {
    const options = ['-F', session.configFile, ...log.options, ...way, ...routeArgs(route)]
    const args = [hasTerminal ? '-tt' : '-T', ...options, session.alias, line]
    const {child, release} = startTied(ssh, args, {
      env: routeEnvironment(env, route, log.path),
      stdio: [input.stdio, 'pipe', 'pipe'],
    })
    input.feed(child)
    const leave = hasTerminal ? stopWith(child) : undefined
    // What is sent to us is for the command: ssh gets it and ends, and the far side with it.
    const signals = passSignals(child, {passed: PASSED, ignored: []})
    const limit = limitTime(child, run.timeoutSeconds)
    const enough = new AbortController()
    let hasReaderLeft = false
    child.once('exit', () => {
      release()
      // A master holds its end of our pipes for as long as the far side takes to end what we ended.
      if (hasReaderLeft || limit.isOver() || signals.first() !== undefined) enough.abort()
    })
    enough.signal.addEventListener('abort', () => {
      child.stdout?.destroy()
      child.stderr?.destroy()
    })
    const reader = new StatusReader(nonce)
    const output = new CommandOutput(child.stdout, reader)
    const errors = heldBack(stderr, enough.signal)
    const begin = (): void => {
      limit.begin()
      errors.letGo()
    }
    const passOutput = async (): Promise<void> => {
      hasReaderLeft = (await passOn(output.bytes(begin), stdout, enough.signal)) === 'left'
      // Whoever writes for nobody is ended, as by SIGPIPE.
      if (hasReaderLeft) child.kill('SIGTERM')
    }
    const passErrors = async (): Promise<void> => {
      await passOn(hasTerminal ? withoutFarewell(child.stderr) : written(child.stderr), errors.sink, enough.signal)
      await errors.isPassed()
    }
    const [ending] = await Promise.all([endingOf(child), passOutput(), passErrors()])
    signals.release()
    limit.release()
    leave?.()
    // ssh tells its own death by a signal that we passed on in several ways; ours is the signal itself. A terminal sends
    // it to both of us, and we may hear of ssh's end before we hear of the signal.
    const own = ending.kind === 'signalled' && PASSED.includes(ending.signal) ? ending.signal : undefined
    return {
      status: reader.status,
      ending,
      signal: signals.first() ?? (limit.isOver() || hasReaderLeft ? undefined : own),
      timedOut: limit.isOver(),
      hasReaderLeft,
      said: log.words(),
      noise: output.noise(),
    }
  } finally {
    input.close()
    log.remove()
  }
}

/** ssh says goodbye where there was a terminal; behind the output of a command nobody wants to read it. */
async function* withoutFarewell(stderr: Readable | null): AsyncGenerator<Buffer> {
  for await (const chunk of written(stderr)) yield Buffer.from(chunk.toString('latin1').replace(FAREWELL, ''), 'latin1')
}

const FAREWELL = /^(?:Shared c|C)onnection to \S+ closed\.\r*\n/m

/** From the begin of the command; at the end of the time ssh is ended. */
const limitTime = (child: ChildProcess, seconds: number | undefined) => {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const end = (): void => {
    isOver = true
    child.kill('SIGTERM')
    // One that was stopped hears it later, and KILL now.
    timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  }
  return {
    begin: (): void => {
      if (seconds !== undefined) timer ??= setTimeout(end, seconds * 1000)
    },
    isOver: (): boolean => isOver,
    release: (): void => clearTimeout(timer),
  }
}
