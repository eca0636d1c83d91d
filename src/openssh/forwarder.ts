import {readFile} from 'node:fs/promises'
import type {Deadline} from '../core/deadline.ts'
import {removeWhole} from '../core/files.ts'
import {printable} from '../core/printable.ts'
import {endingOf} from '../core/process.ts'
import {startTied} from '../core/tied-process.ts'
import {explainSsh, reasonOf, withoutDebug} from './explain.ts'
import {logFileIn} from './logs.ts'
import {findProgram} from './programs.ts'
import {type Route, routeArgs, routeEnvironment} from './route.ts'

/** What is kept of the words of ssh: the last ones, and more than it says before it forwards. */
const LIMIT_CHARACTERS = 65_536

export interface ForwarderOptions {
  readonly configFile: string
  readonly alias: string
  /** What failures name. */
  readonly host: string
  /** An existing folder of ours, for what our ProxyCommand says. */
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  readonly route: Route
  /** What ssh is to forward: `-L` and `-R`, each with its words, and more options. */
  readonly forwards: readonly string[]
  /** Hears each line that ssh says. The far side has a part in them, so that none is to be trusted. */
  readonly onLine: (line: string) => void
}

/** An ssh of its own that forwards, and runs nothing. */
export interface Forwarder {
  readonly isGone: () => boolean
  /** Resolves with the last words of ssh when it has ended, for whatever reason. */
  readonly gone: Promise<string | undefined>
  /** All that ssh said so far, or the end of it. */
  said(): string
  end(): void
}

/**
 * Starts `ssh -N` without any master: what it carries must end with it, and the port of a master lives on without its
 * connection. Resolves when the gateway has let it in; its listeners are there a moment later, or it ends. It ends with us.
 * Throws what explainSsh() makes of its end.
 */
export async function startForwarder(options: ForwarderOptions, deadline: Deadline): Promise<Forwarder> {
  const {configFile, alias, host, folder, forwards, env, route, onLine} = options
  const ssh = await findProgram('ssh', env)
  const logFile = route.length === 0 ? undefined : logFileIn(folder)
  const args = ['-N', '-T', '-F', configFile, ...forwards, ...OPTIONS, ...routeArgs(route)]
  const {child, release} = startTied(ssh, [...args, alias], {
    env: routeEnvironment(env, route, logFile),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  child.once('exit', release)
  let isGone = false
  child.once('exit', () => {
    isGone = true
  })
  let said = ''
  const ended = endingOf(child)
  const letIn = new Promise<true>((resolve) => {
    let line = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-LIMIT_CHARACTERS)
      const lines = (line + text).split('\n')
      line = lines.pop()?.slice(-LIMIT_CHARACTERS) ?? ''
      for (const one of lines) {
        if (one.startsWith('Authenticated to ')) resolve(true)
        onLine(one)
      }
    })
  })
  const end = (): void => void child.kill('SIGTERM')
  const give = (): void => end()
  deadline.signal.addEventListener('abort', give)
  if (deadline.signal.aborted) end()
  const ending = await Promise.race([letIn, ended])
  deadline.signal.removeEventListener('abort', give)
  const report = logFile === undefined ? '' : await readFile(logFile, 'utf8').catch(() => '')
  if (logFile !== undefined) await removeWhole(logFile)
  if (ending !== true) throw explainSsh(said + report, host, deadline.signal.aborted ? 'timed out' : ending)
  return {isGone: () => isGone, gone: ended.then(() => reasonOf(said)), said: () => withoutDebug(said), end}
}

/** Why the far side did not connect, where a line says so. */
export function refusalIn(line: string): string | undefined {
  const [, reason] = /^channel \d+: open failed: (.*?)[:\s]*$/.exec(line) ?? []
  return reason === undefined ? undefined : printable(reason).slice(0, 200)
}

const OPTIONS = [
  'ControlPath=none',
  'ControlMaster=no',
  'ExitOnForwardFailure=yes',
  'StreamLocalBindUnlink=yes',
  'StreamLocalBindMask=0177',
  'LogLevel=VERBOSE',
].flatMap((option) => ['-o', option])
