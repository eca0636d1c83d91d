import {once} from 'node:events'
import {lstatSync} from 'node:fs'
import type {Readable} from 'node:stream'
import {throwIfInterrupted} from '../core/interrupted.ts'
import {type ChildProcess, endingOf} from '../core/process.ts'
import {randomHex} from '../core/random-hex.ts'
import {stopWith} from '../core/terminal.ts'
import {startTied} from '../core/tied-process.ts'
import {trace} from '../core/trace.ts'
import {isMasterSilent} from '../openssh/explain.ts'
import {type Route, routeArgs, routeEnvironment} from '../openssh/route.ts'
import type {Session} from '../session/session.ts'
import {type Delivery, deliver} from './carrier.ts'
import type {Log} from './client-log.ts'
import {type Input, openInput} from './input.ts'
import type {Sink} from './pass-on.ts'
import {type RemoteTask, wrapCommand} from './wrapper.ts'

/** One run of a task on the far side. */
export interface ClientRun {
  readonly session: Session
  /** How ssh gets to the gateway where it has to connect. */
  readonly route: () => Promise<Route>
  readonly task: RemoteTask
  /** With a terminal on the far side, where stdout and stderr are one. */
  readonly hasTerminal: boolean
  /** The command gets our stdin, an empty one, or one that is made anew for each time that ssh is started. */
  readonly stdin: 'inherit' | 'ignore' | (() => Input)
  readonly stdout: Sink
  readonly stderr: Sink
  /**
   * Gets the command's stdout past us. `stdout` then gets what comes on stderr, of a task that says its records there.
   */
  readonly descriptor?: number | undefined
  readonly timeoutSeconds: number | undefined
  readonly env: NodeJS.ProcessEnv
  /** Aborts on Ctrl-C; where it has before anything is asked for, nothing is run. */
  readonly interrupted: AbortSignal
}

/** What became of it. */
export interface ClientEnd extends Delivery {
  /** The words of ssh itself, of every step where it went over a master. Empty where they could not be kept. */
  readonly said: string
}

/** How ssh gets there. */
export interface Way {
  /** Further options. */
  readonly options: readonly string[]
  /** How it connects; none where it goes over the master of the session or nowhere. */
  readonly route: Route | undefined
  /** For its own words; closed and removed at the end. */
  readonly log: Log
}

/** Runs ssh with a wrapped task, once. */
export async function runClient(ssh: string, {options, route, log}: Way, run: ClientRun): Promise<ClientEnd> {
  const {session, task, hasTerminal, env, interrupted} = run
  const input = openInput(run)
  try {
    const nonce = randomHex(16)
    const line = wrapCommand(task, nonce, {hasTerminal})
    throwIfInterrupted(interrupted)
    const all = ['-F', session.configFile, ...log.options, ...options, ...routeArgs(route ?? [])]
    const args = [hasTerminal ? '-tt' : '-T', ...all, session.alias, line]
    const {child, release} = startTied(ssh, args, {
      env: routeEnvironment(env, route ?? [], log.path),
      stdio: [input.stdio, run.descriptor ?? 'pipe', 'pipe'],
    })
    if (route === undefined) leaveSilentMaster(child, log.words)
    input.feed(child)
    const leave = hasTerminal ? stopWith(child) : undefined
    child.once('exit', release)
    const stderr = written(child.stderr)
    const carrier = {
      stdout: written(run.descriptor === undefined ? child.stdout : child.stderr),
      stderr: run.descriptor !== undefined ? written(null) : hasTerminal ? withoutFarewell(stderr) : stderr,
      gone: once(child, 'exit').catch(() => undefined),
      ending: endingOf(child),
      kill: (signal: NodeJS.Signals) => child.kill(signal),
      cut: () => {
        child.stdout?.destroy()
        child.stderr?.destroy()
      },
    }
    const delivery = await deliver(carrier, {...run, nonce})
    leave?.()
    // Only ssh knows that path. Another runcode ended the session before ssh was there, and nothing was run.
    if (delivery.noise.includes(`Couldn't open logfile ${log.path}`)) lstatSync(session.folder)
    const said = log.words()
    trace('ssh said', () => ({said}))
    return {...delivery, said}
  } finally {
    input.close()
    log.remove()
  }
}

/** A master that says nothing for so long is stopped, or hangs. */
const SILENCE_MS = 1000

/** Ends an ssh that waits for the first word of its master, to which it has said nothing of the command. */
const leaveSilentMaster = (child: ChildProcess, words: () => string): void => {
  const timer = setInterval(() => {
    if (isMasterSilent(words())) child.kill('SIGKILL')
  }, SILENCE_MS)
  const stop = (): void => clearInterval(timer)
  child.once('exit', stop)
  ;(child.stdout ?? child.stderr)?.once('readable', stop)
}

/**
 * What a child writes to a pipe, until that ends or we close it. Node's own iterator of a stream costs a warm exec more
 * than a millisecond before its first byte.
 */
async function* written(stream: Readable | null): AsyncGenerator<Buffer> {
  if (stream === null) return
  let isOver = false
  let wake = (): void => undefined
  for (const event of ['readable', 'end', 'error', 'close'])
    stream.on(event, () => {
      isOver ||= event !== 'readable'
      wake()
    })
  try {
    while (!isOver) {
      const chunk: Buffer | null = stream.read()
      if (chunk !== null) yield chunk
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    stream.destroy()
  }
}

/** ssh says goodbye where there was a terminal; behind the output of a command nobody wants to read it. */
async function* withoutFarewell(stderr: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of stderr) yield Buffer.from(chunk.toString('latin1').replace(FAREWELL, ''), 'latin1')
}

const FAREWELL = /^(?:Shared c|C)onnection to \S+ closed\.\r*\n/m
