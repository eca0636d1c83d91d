import {StringDecoder} from 'node:string_decoder'
import {printable} from '../core/printable.ts'
import {endingOf, passSignals, signalStatus, startAttached} from '../core/process.ts'
import {explainRefusal} from '../openssh/explain.ts'
import {isMasterAlive} from '../openssh/master.ts'
import {OpensshFailedError} from '../openssh/openssh-failed.ts'
import {findProgram} from '../openssh/programs.ts'
import type {Session} from '../session/session.ts'
import {wrapShell} from './wrapper.ts'

export interface RemoteShell {
  readonly session: Session
  readonly env: NodeJS.ProcessEnv
  /** Takes the words of ssh and of the gateway, printable; those of the shell come on the terminal. */
  readonly say: (text: string) => void
}

/** What ssh says is kept up to this many characters, the last ones. */
const LIMIT = 65_536

/**
 * An interactive login shell with a terminal, in the project directory. Gives ssh's own status: that of the shell, or
 * 255 where the connection was lost. Throws where it was not opened.
 */
export async function runShell({session, env, say}: RemoteShell): Promise<number> {
  const ssh = await findProgram('ssh', env)
  const line = wrapShell(session.workdir)
  const {configFile, alias, controlPath} = session
  // ssh would wait without a limit for a master that is silent.
  const way = controlPath !== undefined && (await isMasterAlive(controlPath)) ? [] : ['-o', 'ControlPath=none']
  const args = ['-tt', '-F', configFile, ...way, alias, ...(line === undefined ? [] : [line])]
  const child = startAttached(ssh, args, {env, stdio: ['inherit', 'inherit', 'pipe']})
  const signals = passSignals(child, {passed: ['SIGTERM', 'SIGHUP'], ignored: ['SIGINT', 'SIGQUIT']})
  const decoder = new StringDecoder('utf8')
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    const text = decoder.write(chunk)
    said = (said + text).slice(-LIMIT)
    say(printableOnTerminal(text))
  })
  const ending = await endingOf(child)
  signals.release()
  if (ending.kind === 'unstartable') throw new OpensshFailedError('ssh', ending, '')
  if (ending.kind === 'signalled') return signalStatus(ending.signal)
  const refusal = ending.code === 255 ? explainRefusal(said, session.host) : undefined
  if (refusal !== undefined) throw refusal
  return ending.code
}

/** While the terminal is raw a line needs its carriage return. */
const printableOnTerminal = (text: string): string => text.split(/\r?\n/).map(printable).join('\r\n')
