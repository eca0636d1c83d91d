import {isatty} from 'node:tty'
import type {ChildProcess} from '../core/process.ts'
import type {ClientRun} from './ssh-client.ts'

/** How ssh gets what the command is to read. */
export interface Input {
  /** A number is a descriptor of ours, which ssh reads from where it stands. */
  readonly stdio: 'inherit' | 'ignore' | 'pipe' | number
  /** Fills the pipe, where it is one. */
  feed(ssh: ChildProcess): void
  close(): void
}

/**
 * Keys are read by ssh itself with a terminal on the far side, and by us without one: ssh hands them to its master, who
 * would go on reading while we are stopped, or in the background, and take what is typed for the shell here. What is no
 * terminal goes to ssh as it is; with a terminal on the far side nobody there hears of its end.
 */
export function openInput({task: {words}, hasTerminal, stdin}: ClientRun): Input {
  if (words.kind === 'script') return program(words.program)
  if (typeof stdin === 'function') return stdin()
  return stdin === 'inherit' && !hasTerminal && isatty(0) ? keys() : {...UNTOUCHED, stdio: stdin}
}

const UNTOUCHED = {feed: () => undefined, close: () => undefined}

const program = (bytes: Buffer): Input => ({
  ...UNTOUCHED,
  stdio: 'pipe',
  feed: ({stdin}) => stdin?.on('error', () => undefined).end(bytes),
})

const keys = (): Input => ({
  stdio: 'pipe',
  feed: ({stdin}) => {
    if (stdin === null) return
    // Either may be gone before the other.
    stdin.on('error', () => undefined)
    process.stdin.on('error', () => stdin.end()).pipe(stdin)
  },
  close: () => void process.stdin.destroy(),
})
