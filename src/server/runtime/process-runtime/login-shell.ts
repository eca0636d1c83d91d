import {accessSync, constants, statSync} from 'node:fs'
import {basename, isAbsolute} from 'node:path'
import type {Program} from './spawn-piped.ts'

/** The shell of this server's user: SHELL where it names a program by an absolute path, else /bin/sh. */
export function loginShell(env: NodeJS.ProcessEnv): string {
  const shell = env['SHELL']
  return shell !== undefined && isAbsolute(shell) && isProgram(shell) ? shell : '/bin/sh'
}

/** A shell with one line to run, or as a login shell: a dash before its name (login(1)). */
export const shellProgram = (shell: string, command: string | undefined): Program =>
  command === undefined
    ? {file: shell, argv0: `-${basename(shell)}`, args: []}
    : {file: shell, argv0: shell, args: ['-c', command]}

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
