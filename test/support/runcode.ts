import {type ChildProcess, spawn} from 'node:child_process'
import {fileURLToPath} from 'node:url'
import {refuseSecrets, tokensOf} from './secrets.ts'

/** The built program. */
export const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url))

export interface RunOptions {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Given on stdin, which is then closed; the null device where there is none. */
  readonly input?: string | Buffer
  /** No file that it writes may grow larger than this many blocks of 512 or 1024 bytes, as on a full disk (ulimit -f). */
  readonly limitBlocks?: number
}

export interface Run {
  /** The exit status, or the signal that ended it. */
  readonly status: number | NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** stdout as bytes. */
  readonly bytes: Buffer
}

/** Starts the program as a process of its own; the caller talks to it and waits. */
export const startRuncode = (args: readonly string[], {env, cwd}: RunOptions): ChildProcess =>
  spawn(process.execPath, [BIN, ...args], {env: {...env}, cwd, stdio: ['pipe', 'pipe', 'pipe']})

/** Runs the program to its end. */
export function runcode(args: readonly string[], {env, cwd, input, limitBlocks}: RunOptions): Promise<Run> {
  const words = [process.execPath, BIN, ...args]
  const limited = ['sh', '-c', `ulimit -f ${limitBlocks}; exec "$@"`, 'sh', ...words]
  const [program = '', ...rest] = limitBlocks === undefined ? words : limited
  const child = spawn(program, rest, {
    env: {...env},
    cwd,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const bytes = Buffer.concat(out)
      const [stdout, stderr] = [bytes.toString('utf8'), Buffer.concat(err).toString('utf8')]
      try {
        // The one command that is there to show a secret.
        if (args.slice(0, 3).join(' ') !== 'server token create')
          refuseSecrets(`What "${args.join(' ')}" said`, `${stdout}${stderr}`, tokensOf(env['HOME'] ?? '', env))
        resolve({status: code ?? signal, stdout, stderr, bytes})
      } catch (error) {
        reject(error)
      }
    })
  })
}
