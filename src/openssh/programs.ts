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

/**
 * The absolute path of a program of OpenSSH. Only absolute entries of PATH count, so that nothing is ever taken from the
 * directory that we happen to stand in. Throws MissingProgramError.
 */
export async function findProgram(program: OpensshProgram, env: NodeJS.ProcessEnv): Promise<string> {
  for (const name of process.platform === 'win32' ? [`${program}.exe`] : [program]) {
    for (const folder of (env['PATH'] ?? '').split(delimiter)) {
      const path = join(folder, name)
      if (isAbsolute(folder) && isExecutable(path)) return path
    }
  }
  throw new MissingProgramError(program)
}

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
