import {statSync} from 'node:fs'
import {homedir, uptime, userInfo} from 'node:os'
import {isAbsolute} from 'node:path'
import type {Context, Progress} from '../actions/context.ts'
import {NoPlaceError} from '../attachment/place.ts'
import {RuncodeError} from '../core/errors.ts'
import {locateFolders} from '../core/folders.ts'
import {interruption} from './interruption.ts'

export interface ContextParts {
  readonly progress: Progress
  readonly warn: (message: string) => void
}

/** Nothing says where the user's files are; in the current directory, of all places, they are not looked for. */
export class NoHomeError extends RuncodeError {
  constructor() {
    super('The home directory is not known: HOME is no absolute path, and the system tells none for this user.', {
      code: 'usage',
      hint: 'Set HOME to the absolute path of your home directory.',
    })
  }
}

/** The real world, as commands see it. */
export function createContext({progress, warn}: ContextParts): Context {
  const {env, platform, execPath, argv} = process
  const home = homeOf(env)
  return {
    env,
    // Only commands that ask for it fail where it is gone.
    get cwd() {
      return currentDirectory()
    },
    home,
    folders: locateFolders({env, home, platform, uid: process.getuid?.()}),
    program: {node: execPath, script: argv[1] ?? ''},
    now: () => ({date: new Date(), uptimeSeconds: uptime(), sleptSeconds: uptime() - process.hrtime()[0]}),
    interrupted: interruption(),
    progress,
    warn,
  }
}

/** The user's home directory. A container may run as a user that the system knows nothing of. Throws NoHomeError. */
export function homeOf(env: NodeJS.ProcessEnv): string {
  for (const ask of [() => env['HOME'], homedir, () => userInfo().homedir]) {
    const home = resultOrNone(ask)
    if (home !== undefined && isAbsolute(home)) return home
  }
  throw new NoHomeError()
}

/**
 * The path is text, and text can't hold every path (file names are bytes), so that it may lead to another directory than
 * the one that we are in.
 */
const currentDirectory = (): string => {
  const [here, cwd] = [resultOrNone(() => statSync('.')), resultOrNone(() => process.cwd())]
  const there = cwd === undefined ? undefined : resultOrNone(() => statSync(cwd))
  if (cwd === undefined || here === undefined || there === undefined)
    throw new NoPlaceError('The current directory', 'is gone or cannot be read')
  if (there.ino !== here.ino || there.dev !== here.dev)
    throw new NoPlaceError('The current directory', 'has a name that is no text')
  return cwd
}

const resultOrNone = <T>(ask: () => T): T | undefined => {
  try {
    return ask()
  } catch {
    return undefined
  }
}
