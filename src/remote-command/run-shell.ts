import {endingOf, passSignals, signalStatus, startAttached} from '../core/process.ts'
import {isMasterAlive} from '../openssh/master.ts'
import {OpensshFailedError} from '../openssh/openssh-failed.ts'
import {findProgram} from '../openssh/programs.ts'
import type {Session} from '../session/session.ts'
import {wrapShell} from './wrapper.ts'

/**
 * An interactive login shell with a terminal, in the project directory. Gives ssh's own status: that of the shell, or
 * 255 where the connection failed or was lost, which ssh has said on stderr.
 */
export async function runShell(
  session: Session,
  directory: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const ssh = await findProgram('ssh', env)
  const line = wrapShell(directory)
  const {configFile, alias, controlPath} = session
  // ssh would wait without a limit for a master that is silent.
  const way = controlPath !== undefined && (await isMasterAlive(controlPath)) ? [] : ['-o', 'ControlPath=none']
  const args = ['-tt', '-F', configFile, ...way, alias, ...(line === undefined ? [] : [line])]
  const child = startAttached(ssh, args, {env, stdio: 'inherit'})
  const signals = passSignals(child, {passed: ['SIGTERM', 'SIGHUP'], ignored: ['SIGINT', 'SIGQUIT']})
  const ending = await endingOf(child)
  signals.release()
  if (ending.kind === 'unstartable') throw new OpensshFailedError('ssh', ending, '')
  return ending.kind === 'exited' ? ending.code : signalStatus(ending.signal)
}
