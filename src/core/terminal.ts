import {readFileSync} from 'node:fs'
import {isatty} from 'node:tty'
import {type ChildProcess, type Ending, endingOf, run, startAttached} from './process.ts'

/** The terminal on our stdin, while a child of ours has it. */
export interface HeldTerminal {
  /** Stops us when the child stops itself, and lets it go on with us: the shell that started us looks at us alone. */
  follow(child: ChildProcess): void
  /** After the child's end. One that was killed left the terminal as it had made it: it becomes what it was. */
  release(ending: Ending): Promise<void>
}

/** The longest that stty may take: in the background the terminal would stop it. */
const STTY_TIMEOUT_MS = 1000

/** Notes how the terminal on our stdin is set, for a child that will set it otherwise. Undefined where there is none. */
export async function holdTerminal(env: NodeJS.ProcessEnv): Promise<HeldTerminal | undefined> {
  if (process.platform === 'win32' || !isatty(0)) return undefined
  const settings = (await stty(['-g'], env)).trim()
  let leave = (): void => undefined
  return {
    follow: (child) => {
      leave = stopWith(child)
    },
    release: async ({kind}) => {
      leave()
      if (kind === 'signalled' && settings !== '') await stty([settings], env)
    },
  }
}

/** Gives what it says, also where there is no stty: then nothing. */
const stty = async (args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> => {
  const child = startAttached('stty', args, {env, stdio: ['inherit', 'pipe', 'ignore']})
  const timer = setTimeout(() => child.kill('SIGKILL'), STTY_TIMEOUT_MS)
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1')
  })
  await endingOf(child)
  clearTimeout(timer)
  return said
}

/** The whole group stops, as at Ctrl-Z: a script that runs us is what the shell at the terminal waits for. */
const stopWith = (child: ChildProcess): (() => void) => {
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
    const {stdout} = await run('/bin/ps', ['-o', 'stat=', '-p', String(pid)], {env: {}, timeoutMs: STTY_TIMEOUT_MS})
    return stdout.startsWith('T')
  }
  try {
    return /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}
