import {homedir, uptime} from 'node:os'
import type {Context, Progress} from '../actions/context.ts'
import {locateFolders} from '../core/folders.ts'
import {interruption} from './interruption.ts'

export interface ContextParts {
  readonly progress: Progress
  readonly warn: (message: string) => void
}

/** The real world, as commands see it. */
export function createContext({progress, warn}: ContextParts): Context {
  const {env, platform} = process
  const home = env['HOME'] || homedir()
  return {
    env,
    cwd: process.cwd(),
    home,
    folders: locateFolders({env, home, platform, uid: process.getuid?.()}),
    now: () => ({date: new Date(), uptimeSeconds: uptime()}),
    interrupted: interruption(),
    progress,
    warn,
  }
}
