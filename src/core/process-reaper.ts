import {type ChildProcess, spawn} from 'node:child_process'

/**
 * Ends a child when we are gone, in whatever way: its stdin may be a terminal or somebody's pipe, so that it would not
 * notice. A small shell in a session of its own waits for the end of a pipe that only we hold. Call `release` when the
 * child has ended. On Windows nothing watches.
 */
export function tieToUs(child: ChildProcess): {release(): void} {
  if (process.platform === 'win32' || child.pid === undefined) return {release: () => undefined}
  const script = 'read -r _; kill -TERM "$1"; kill -CONT "$1"'
  const reaper = spawn('/bin/sh', ['-c', script, 'sh', String(child.pid)], {
    env: {},
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // Where none can be started the child has its own streams to go by.
  reaper.on('error', () => undefined)
  reaper.stdin.on('error', () => undefined)
  reaper.unref()
  return {
    release: () => {
      reaper.kill('SIGKILL')
      reaper.stdin.destroy()
    },
  }
}
