import {isAbsolute, join} from 'node:path'

/** Where runcode keeps its things on this machine. Every path ends in `runcode/cli`; RunCode's other tools share the parent. */
export interface Folders {
  /** Profiles and secrets. */
  readonly config: string
  /** Sessions, attachments, the server's data. */
  readonly state: string
  readonly cache: string
  /** Candidates for control sockets, the best first; each is checked before use. */
  readonly sockets: readonly string[]
  /** RunCode's own token file, which is read and never written. */
  readonly legacyTokenFile: string
}

/** XDG Base Directory Specification 0.8: a relative value is ignored. Windows: APPDATA and LOCALAPPDATA. */
export function locateFolders({env, home, platform, uid}: Surroundings): Folders {
  const windows = platform === 'win32'
  const base = (variable: string, windowsVariable: string, fallback: string): string =>
    absolute(env[variable]) ?? (windows ? absolute(env[windowsVariable]) : undefined) ?? join(home, fallback)
  const config = base('XDG_CONFIG_HOME', 'APPDATA', '.config')
  const cache = join(base('XDG_CACHE_HOME', 'LOCALAPPDATA', '.cache'), 'runcode', 'cli')
  const runtime = absolute(env['XDG_RUNTIME_DIR'])
  return {
    config: join(config, 'runcode', 'cli'),
    state: join(base('XDG_STATE_HOME', 'LOCALAPPDATA', join('.local', 'state')), 'runcode', 'cli'),
    cache,
    sockets: [
      ...(runtime === undefined ? [] : [join(runtime, 'runcode')]),
      join(cache, 'sockets'),
      join('/tmp', `runcode-${uid ?? 'user'}`),
    ],
    legacyTokenFile: join(config, 'runcode', 'token'),
  }
}

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly home: string
  readonly platform: NodeJS.Platform
  readonly uid: number | undefined
}

const absolute = (path: string | undefined): string | undefined =>
  path !== undefined && path !== '' && isAbsolute(path) ? path : undefined
