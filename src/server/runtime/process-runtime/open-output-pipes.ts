import {execFileSync} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {closeSync, constants, openSync, rmSync} from 'node:fs'
import {Socket} from 'node:net'
import {join} from 'node:path'

/** A pipe from a process that is about to start. */
export interface OutputPipe {
  readonly output: Socket
  /** The process's end, for spawn; to be closed when the process has it. */
  readonly childEnd: number
}

/**
 * Real pipes for stdout and stderr. Node gives a child socket pairs, which Linux does not open by /dev/stdout or
 * /dev/stderr (ENXIO): `echo failed > /dev/stderr` would fail in a workspace. Named pipes can be made without native
 * code; their names, in `folder`, are gone before anything runs. Stdin stays a socket pair: opening a named pipe whose
 * writer has finished blocks for good (fifo(7)), so that `cat /dev/stdin` would hang where it now fails.
 */
export function openOutputPipes(folder: string): readonly [OutputPipe, OutputPipe] {
  const base = join(folder, `pipe-${randomBytes(8).toString('hex')}`)
  const paths = [`${base}-1`, `${base}-2`] as const
  try {
    execFileSync('mkfifo', ['-m', '600', ...paths], {stdio: 'ignore', timeout: MKFIFO_LIMIT_MS})
    const first = openBothEnds(paths[0])
    try {
      return [first, openBothEnds(paths[1])]
    } catch (error) {
      first.output.destroy()
      closeChildEnds([first])
      throw error
    }
  } finally {
    for (const path of paths) rmSync(path, {force: true})
  }
}

const MKFIFO_LIMIT_MS = 5000

/** The reader comes first and does not block: a writer waits until there is one. */
const openBothEnds = (path: string): OutputPipe => {
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const output = new Socket({fd: reader, readable: true, writable: false})
  try {
    return {output, childEnd: openSync(path, constants.O_WRONLY)}
  } catch (error) {
    output.destroy()
    throw error
  }
}

/** Closes the process's ends here. */
export const closeChildEnds = (pipes: readonly OutputPipe[]): void => {
  for (const {childEnd} of pipes) closeSync(childEnd)
}
