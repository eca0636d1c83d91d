import type {Readable} from 'node:stream'
import {isatty, ReadStream} from 'node:tty'
import {type ChildProcess, startAttached} from '../core/process.ts'
import type {ClientRun} from './ssh-client.ts'

/** How ssh gets what the command is to read. */
export interface Input {
  readonly stdio: 'inherit' | 'ignore' | 'pipe'
  /** Fills the pipe, where it is one. */
  feed(ssh: ChildProcess): void
  close(): void
}

/**
 * Keys are read by ssh itself with a terminal on the far side, and by us without one: ssh hands them to its master, who
 * would go on reading while we are stopped, or in the background, and take what is typed for the shell here.
 */
export function openInput({task: {words}, hasTerminal, stdin, env}: ClientRun): Input {
  if (words.kind === 'script') return program(words.program)
  const hasKeys = stdin === 'inherit' && isatty(0)
  if (hasTerminal) return hasKeys || process.platform === 'win32' ? asItIs(stdin) : typed(stdin, env)
  return hasKeys ? piped(new ReadStream(0)) : asItIs(stdin)
}

const asItIs = (stdio: 'inherit' | 'ignore'): Input => ({stdio, feed: () => undefined, close: () => undefined})

const program = (bytes: Buffer): Input => ({
  stdio: 'pipe',
  feed: (ssh) => ssh.stdin?.on('error', () => undefined).end(bytes),
  close: () => undefined,
})

const piped = (source: Readable, close: () => void = () => source.destroy()): Input => ({
  stdio: 'pipe',
  feed: (ssh) => {
    // Either may be gone before the other.
    ssh.stdin?.on('error', () => undefined)
    if (ssh.stdin !== null) source.on('error', () => ssh.stdin?.end()).pipe(ssh.stdin)
  },
  close,
})

/** A terminal has no end of input but Ctrl-D: one for a line that is not ended, one for the end (XBD 11.1.6). */
const typed = (stdin: 'inherit' | 'ignore', env: NodeJS.ProcessEnv): Input => {
  const typist = startAttached('/bin/sh', ['-c', "cat; printf '\\004\\004'"], {env, stdio: [stdin, 'pipe', 'ignore']})
  const {stdout} = typist.on('error', () => undefined)
  return piped(stdout as Readable, () => typist.kill('SIGKILL'))
}
