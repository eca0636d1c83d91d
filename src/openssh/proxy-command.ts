import {RuncodeError} from '../core/errors.ts'
import {canCarry, quoted} from './render-config.ts'
import type {Route} from './route.ts'

/** How ssh starts us. Absolute paths. */
export interface Program {
  readonly node: string
  readonly script: string
}

/** node or runcode is in a place that no line for ssh can name. */
export class UnsafeProgramError extends RuncodeError {
  constructor(path: string) {
    super(`ssh cannot be told to start ${JSON.stringify(path)}.`, {
      code: 'unsafe_folder',
      hint: 'Install it where the path has no quotes, backslashes, control characters, "$", "`" or "!".',
      facts: {path},
    })
  }
}

/** ssh is given the connection itself where systems have a way to: Node then takes fd 1 for a channel to send it by. */
const HAND_OVER = process.platform === 'win32' ? [] : ['/usr/bin/env', 'NODE_CHANNEL_FD=1']

/** Makes ssh connect by us; `words` are what the program is told, plain words for every shell. Throws UnsafeProgramError. */
export const routeByUs = ({node, script}: Program, words: readonly string[]): Route => [
  ['ProxyCommand', [...HAND_OVER, inShell(node), inShell(script), ...words].join(' ')],
  ['ProxyUseFdpass', HAND_OVER.length === 0 ? 'no' : 'yes'],
]

/**
 * A word for the user's login shell, which runs a ProxyCommand, be it sh, csh, fish or nu, and for Windows, where none
 * does: in double quotes, without a character that one of them reads into them. ssh expands `%` (TOKENS).
 */
const inShell = (path: string): string => {
  if (/[$`!]/.test(path) || !canCarry(path)) throw new UnsafeProgramError(path)
  return quoted(path)
}
