import {readFileSync} from 'node:fs'
import {type ChildProcess, run} from './process.ts'

/**
 * Stops us whenever a child stops itself, and lets it go on with us: the shell that started us looks at us alone. The whole
 * group stops, as at Ctrl-Z, since that shell may have started a script that runs us. Gives what ends this. How the
 * terminal is set Node keeps by itself: it is put back when we end, also behind a child that was killed.
 */
export function stopWith(child: ChildProcess): () => void {
  const look = async (): Promise<void> => {
    if (await isStopped(child.pid)) process.kill(0, 'SIGTSTP')
  }
  const goOn = (): void => void child.kill('SIGCONT')
  process.on('SIGCHLD', look)
  process.on('SIGCONT', goOn)
  return () => {
    process.off('SIGCHLD', look)
    process.off('SIGCONT', goOn)
  }
}

/** By proc(5), elsewhere by ps(1). */
const isStopped = async (pid: number | undefined): Promise<boolean> => {
  if (process.platform !== 'linux') {
    const {stdout} = await run('/bin/ps', ['-o', 'stat=', '-p', String(pid)], {env: {}, timeoutMs: 1000})
    return stdout.startsWith('T')
  }
  try {
    return /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}
