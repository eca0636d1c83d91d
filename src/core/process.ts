import {type ChildProcess, type SpawnOptions, type StdioOptions, spawn} from 'node:child_process'
import {closeSync, openSync} from 'node:fs'
import {constants} from 'node:os'
import {isTraced, trace} from './trace.ts'

export type {ChildProcess}

/** How a child process ended. There is no default: a killed or missing program is never a success. */
export type Ending =
  | {readonly kind: 'exited'; readonly code: number}
  | {readonly kind: 'signalled'; readonly signal: NodeJS.Signals}
  | {readonly kind: 'unstartable'; readonly cause: Error}

/** What a child may know of us: the environment without our secrets, and without Node's IPC channel. */
export const childEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const {RUNCODE_TOKEN: _token, NODE_CHANNEL_FD: _channel, ...rest} = env
  return rest
}

/** The words of a command line are the user's, and may be secret: they are not told. */
const start = (program: string, args: readonly string[], options: SpawnOptions): ChildProcess => {
  const child = spawn(program, args, options)
  if (!isTraced()) return child
  const began = performance.now()
  trace('started', () => ({program, child: child.pid}))
  child.once('close', (status, signal) => {
    const ms = Math.round(performance.now() - began)
    trace('child ended', () => ({child: child.pid, status: status ?? undefined, signal: signal ?? undefined, ms}))
  })
  return child
}

export interface RunOptions {
  readonly env: NodeJS.ProcessEnv
  readonly input?: string | Uint8Array | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
  /** Each stream is kept up to this many bytes; what follows is read and dropped. */
  readonly limitBytes?: number | undefined
}

export interface RunResult {
  readonly ending: Ending
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
}

/**
 * Runs a program with an argv, never through a shell, and gives how it ended with what it printed (UTF-8). Throws only
 * for words that no process can be given: with a zero byte, or longer than the system takes (execve(2), E2BIG).
 */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const {env, input, signal, timeoutMs, limitBytes = 1 << 20} = options
  const child = start(program, args, {
    env: childEnvironment(env),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
  })
  const stdout = collect(child.stdout, limitBytes)
  const stderr = collect(child.stderr, limitBytes)
  let timedOut = false
  const kill = (): void => {
    child.kill('SIGKILL')
    // A child of that child may live on and hold the pipes open.
    child.stdout?.destroy()
    child.stderr?.destroy()
  }
  const onTimeout = (): void => {
    timedOut = true
    kill()
  }
  const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeout, timeoutMs)
  signal?.addEventListener('abort', kill)
  if (signal?.aborted) kill()
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  const ending = await endingOf(child)
  clearTimeout(timer)
  signal?.removeEventListener('abort', kill)
  return {ending, stdout: stdout(), stderr: stderr(), timedOut}
}

const collect = (stream: NodeJS.ReadableStream | null, limitBytes: number): (() => string) => {
  const chunks: Buffer[] = []
  let size = 0
  stream?.on('data', (chunk: Buffer) => {
    if (size < limitBytes) chunks.push(chunk.subarray(0, limitBytes - size))
    size += chunk.length
  })
  return () => Buffer.concat(chunks).toString('utf8')
}

/** Resolves when the child is gone and its pipes are closed. */
export const endingOf = (child: ChildProcess): Promise<Ending> =>
  new Promise((resolve) => {
    let failure: Error | undefined
    child.on('error', (error) => {
      failure ??= error
      if (child.pid === undefined) resolve({kind: 'unstartable', cause: error})
    })
    child.on('close', (code, signal) => {
      if (signal !== null) resolve({kind: 'signalled', signal})
      else if (code !== null) resolve({kind: 'exited', code})
      else resolve({kind: 'unstartable', cause: failure ?? new Error('The process did not start.')})
    })
  })

/** Starts a program that shares streams with us, for as long as it runs. */
export const startAttached = (
  program: string,
  args: readonly string[],
  {env, stdio}: {env: NodeJS.ProcessEnv; stdio: StdioOptions},
): ChildProcess => start(program, args, {env: childEnvironment(env), stdio, windowsHide: true})

/** Signals that were sent to us while a child ran. */
export interface PassedSignals {
  /** The first that was handed on. */
  readonly first: () => NodeJS.Signals | undefined
  /** Hands nothing on any more. */
  release(): void
}

/** Hands these signals, when they are sent to us, on to a child. */
export function passSignals(
  child: {kill(signal: NodeJS.Signals): unknown},
  passed: readonly NodeJS.Signals[],
): PassedSignals {
  let first: NodeJS.Signals | undefined
  const pass = (signal: NodeJS.Signals): void => {
    first ??= signal
    child.kill(signal)
  }
  for (const signal of passed) process.on(signal, pass)
  return {
    first: () => first,
    release: () => {
      for (const signal of passed) process.off(signal, pass)
    },
  }
}

/** 128 + n, as shells tell a death by signal. */
export const signalStatus = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]

export interface DetachedOptions {
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  /** Takes stdout and stderr, opened for appending, mode 0600. */
  readonly logFile: string
}

export interface Detached {
  readonly pid: number | undefined
  readonly ending: Promise<Ending>
  /** Lets us end before it does; until then we wait for it. */
  release(): void
}

/** Starts a program that can outlive us: a session of its own, stdin on the null device. */
export function startDetached(program: string, args: readonly string[], options: DetachedOptions): Detached {
  const log = openSync(options.logFile, 'a', 0o600)
  try {
    const child = start(program, args, {
      env: childEnvironment(options.env),
      cwd: options.cwd,
      detached: true,
      stdio: ['ignore', log, log],
      windowsHide: true,
    })
    return {pid: child.pid, ending: endingOf(child), release: () => child.unref()}
  } finally {
    closeSync(log)
  }
}
