import {spawn} from 'node:child_process'
import {constants} from 'node:os'
import {childEnvironment, endingOf} from '../core/process.ts'
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
  const child = spawn(ssh, ['-tt', '-F', session.configFile, session.alias, ...(line === undefined ? [] : [line])], {
    env: childEnvironment(env),
    stdio: 'inherit',
  })
  // The terminal sends its signals to ssh as well, which is in its foreground group; they must not end us first.
  const ignore = (): void => undefined
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal)
  process.on('SIGINT', ignore).on('SIGQUIT', ignore).on('SIGTERM', pass).on('SIGHUP', pass)
  const ending = await endingOf(child)
  process.off('SIGINT', ignore).off('SIGQUIT', ignore).off('SIGTERM', pass).off('SIGHUP', pass)
  if (ending.kind === 'unstartable') throw new OpensshFailedError('ssh', ending, '')
  return ending.kind === 'exited' ? ending.code : 128 + constants.signals[ending.signal]
}
