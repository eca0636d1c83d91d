import {Writable} from 'node:stream'
import {type ChildProcess, startAttached} from './process.ts'

export interface Tied {
  readonly child: ChildProcess
  /** To be called when the child has ended. */
  release(): void
}

/**
 * Starts a program that shares streams with us and ends when we are gone, in whatever way: its stdin may be a terminal or
 * somebody's pipe, so that it would not notice by itself. A shell leaves a watcher behind, which waits for the end of a
 * pipe that only we hold, and becomes the program: from its first moment on the program is watched. On Windows nothing
 * watches.
 */
export function startTied(
  program: string,
  args: readonly string[],
  {env, stdio}: {env: NodeJS.ProcessEnv; stdio: readonly [Stream, Stream, Stream]},
): Tied {
  if (process.platform === 'win32') {
    return {child: startAttached(program, args, {env, stdio: [...stdio]}), release: () => undefined}
  }
  const child = startAttached('/bin/sh', ['-c', WATCHED, program, ...args], {env, stdio: [...stdio, 'pipe']})
  const tie = child.stdio[3]
  tie?.on('error', () => undefined)
  const release = (): void => {
    if (!(tie instanceof Writable)) return
    tie.write('\n')
    // Or the child would count as open for as long as the watcher takes to read that.
    tie.destroy()
  }
  return {child, release}
}

type Stream = 'inherit' | 'ignore' | 'pipe' | number

/** A line on the pipe is our word that the program has ended. */
const WATCHED = [
  "( trap '' INT QUIT TERM HUP TSTP; read -r _ || { kill -TERM $$; kill -CONT $$; } ) <&3 3<&- >/dev/null 2>&1 &",
  'exec "$0" "$@" 3<&-',
].join('\n')
