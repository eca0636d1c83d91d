import {spawn} from 'node:child_process'
import {closeSync, openSync} from 'node:fs'

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

/** Runs a program with an argv, never through a shell, and gives how it ended with what it printed (UTF-8). Never throws. */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const {env, input, signal, timeoutMs, limitBytes = 1 << 20} = options
  const child = spawn(program, args, {
    env: childEnvironment(env),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
    ...(signal === undefined ? {} : {signal}),
    killSignal: 'SIGKILL',
  })
  const stdout = collect(child.stdout, limitBytes)
  const stderr = collect(child.stderr, limitBytes)
  let timedOut = false
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true
          child.kill('SIGKILL')
        }, timeoutMs)
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  const ending = await endingOf(child)
  clearTimeout(timer)
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
export const endingOf = (child: ReturnType<typeof spawn>): Promise<Ending> =>
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
    const child = spawn(program, args, {
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
