import {accessSync, constants} from 'node:fs'
import {delimiter, isAbsolute, join} from 'node:path'
import {RuncodeError} from '../core/errors.ts'

export type OpensshProgram = 'ssh' | 'ssh-keygen'

/** A program of OpenSSH is not on PATH. */
export class MissingProgramError extends RuncodeError {
  constructor(program: string) {
    super(`The program "${program}" was not found on PATH.`, {
      code: 'missing_program',
      hint: 'Install the OpenSSH client (Debian: apt-get install openssh-client) and try again.',
      facts: {program},
    })
  }
}

/** The absolute path of a program of OpenSSH. Throws MissingProgramError. */
export async function findProgram(program: OpensshProgram, env: NodeJS.ProcessEnv): Promise<string> {
  const path = findOnPath(program, env)
  if (path === undefined) throw new MissingProgramError(program)
  return path
}

/**
 * The absolute path of a program, or undefined. Only absolute entries of PATH count, so that nothing is ever taken from
 * the directory that we happen to stand in.
 */
export function findOnPath(program: OpensshProgram | 'git', env: NodeJS.ProcessEnv): string | undefined {
  const name = process.platform === 'win32' ? `${program}.exe` : program
  const folders = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute)
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
