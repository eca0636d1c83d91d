import {type ChildProcess, spawn} from 'node:child_process'
import {endingOf} from '../../src/core/process.ts'
import {StatusReader} from '../../src/remote-command/status-reader.ts'
import {type RemoteTask, wrapCommand} from '../../src/remote-command/wrapper.ts'

export const NONCE = '0123456789abcdef0123456789abcdef'

export interface Surroundings {
  /** The login shell of the account. */
  readonly shell: string
  readonly home: string
  /** PATH; that of this process where none is given. */
  readonly path?: string
  readonly input?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
  /** Whether it leads a group of its own; some gateways start none. */
  readonly detached?: boolean
}

export interface FarSide {
  /** The status of the whole line, or how else it ended. */
  readonly own: number | string
  readonly hasBegun: boolean
  readonly missing: string | undefined
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  readonly stdout: Buffer
  readonly stderr: string
}

/** A task in HOME, without more, for words that are an argv. */
export const argvTask = (argv: readonly string[], rest: Partial<RemoteTask> = {}): RemoteTask => ({
  words: {kind: 'argv', argv},
  directory: undefined,
  variables: [],
  isLogin: false,
  ...rest,
})

/** Starts the line of a task as sshd would, by the login shell of the account, here. */
export const startFarSide = (task: RemoteTask, {shell, home, path, env, detached = true}: Surroundings): ChildProcess =>
  spawn(shell, ['-c', wrapCommand(task, NONCE)], {
    env: {PATH: path ?? process.env['PATH'], SHELL: shell, HOME: home, LC_ALL: 'C.UTF-8', ...env},
    cwd: home,
    detached,
    stdio: ['pipe', 'pipe', 'pipe'],
  })

export async function runFarSide(task: RemoteTask, surroundings: Surroundings): Promise<FarSide> {
  const child = startFarSide(task, surroundings)
  const {words} = task
  child.stdin?.on('error', () => undefined).end(surroundings.input ?? (words.kind === 'script' ? words.program : ''))
  const [raw, stderr] = [collect(child.stdout), collect(child.stderr)]
  const ending = await endingOf(child)
  const reader = new StatusReader(NONCE)
  const stdout = Buffer.concat([reader.read(Buffer.concat(raw)), reader.rest()])
  const own = ending.kind === 'exited' ? ending.code : ending.kind
  return {own, ...reader.status, stdout, stderr: Buffer.concat(stderr).toString()}
}

/** What a command that ran and was heard gives. */
export const ran = (exitCode: number, stdout: string | Buffer = '', stderr = '', signal?: string): FarSide => ({
  own: exitCode,
  hasBegun: true,
  missing: undefined,
  exitCode,
  signal,
  stdout: Buffer.from(stdout),
  stderr,
})

const collect = (stream: ChildProcess['stdout']): Buffer[] => {
  const chunks: Buffer[] = []
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return chunks
}
