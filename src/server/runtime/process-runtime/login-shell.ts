import {accessSync, constants, statSync} from 'node:fs'
import {isAbsolute} from 'node:path'

/** The shell of this server's user: SHELL where it names a program by an absolute path, else /bin/sh. */
export function loginShell(env: NodeJS.ProcessEnv): string {
  const shell = env['SHELL']
  return shell !== undefined && isAbsolute(shell) && isProgram(shell) ? shell : '/bin/sh'
}

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
