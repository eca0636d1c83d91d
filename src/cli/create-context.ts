import {type Stats, statSync} from 'node:fs'
import {uptime, userInfo} from 'node:os'
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
  const {env, platform} = process
  const home = homeOf(env)
  return {
    env,
    // Only commands that ask for it fail where it is gone.
    get cwd() {
      return currentDirectory()
    },
    home,
    folders: locateFolders({env, home, platform, uid: process.getuid?.()}),
    now: () => ({date: new Date(), uptimeSeconds: uptime()}),
    interrupted: interruption(),
    progress,
    warn,
  }
}

const homeOf = (env: NodeJS.ProcessEnv): string => {
  const home = [env['HOME'], env['USERPROFILE'], homeOfUser()].find((one) => one !== undefined && isAbsolute(one))
  if (home === undefined) throw new NoHomeError()
  return home
}

/** From the system's own list of users; a container may run as one that is not on it. */
const homeOfUser = (): string | undefined => {
  try {
    return userInfo().homedir
  } catch {
    return undefined
  }
}

/**
 * The path is text, and text can't hold every path (file names are bytes), so that it may lead to another directory than
 * the one that we are in.
 */
const currentDirectory = (): string => {
  const [here, cwd] = [statOrNone('.'), textOfCurrentDirectory()]
  const there = cwd === undefined ? undefined : statOrNone(cwd)
  if (cwd === undefined || here === undefined || there === undefined)
    throw new NoPlaceError('is gone or cannot be read')
  if (there.ino !== here.ino || there.dev !== here.dev) throw new NoPlaceError('has a name that is no text')
  return cwd
}

const textOfCurrentDirectory = (): string | undefined => {
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}

const statOrNone = (path: string): Stats | undefined => {
  try {
    return statSync(path, {throwIfNoEntry: false})
  } catch {
    return undefined
  }
}
