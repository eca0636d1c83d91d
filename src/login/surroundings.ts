import {existsSync} from 'node:fs'
import {release} from 'node:os'

/** Where something is started, as far as a browser goes: only in the first two one is opened. */
export type Surroundings = 'desktop' | 'wsl' | 'ssh' | 'container' | 'no-display'

export interface SurroundingFacts {
  readonly env: NodeJS.ProcessEnv
  readonly platform: NodeJS.Platform
  /** As os.release() tells it. */
  readonly release: string
  readonly isContainer: boolean
}

/** A browser that is opened where nobody sits in front of it is worse than none. */
export function surroundingsOf({env, platform, release, isContainer}: SurroundingFacts): Surroundings {
  if (env['SSH_CONNECTION'] || env['SSH_CLIENT'] || env['SSH_TTY']) return 'ssh'
  if (platform === 'darwin' || platform === 'win32') return 'desktop'
  if (!isContainer && (env['WSL_DISTRO_NAME'] || /microsoft/i.test(release))) return 'wsl'
  if (env['DISPLAY'] || env['WAYLAND_DISPLAY']) return 'desktop'
  return isContainer ? 'container' : 'no-display'
}

/** Where this process is started. */
export function surroundingsHere(env: NodeJS.ProcessEnv): Surroundings {
  const isContainer = existsSync('/.dockerenv') || existsSync('/run/.containerenv')
  return surroundingsOf({env, platform: process.platform, release: release(), isContainer})
}

/** Why no browser is started; undefined where one is. */
export function whyNoBrowser(where: Surroundings): string | undefined {
  switch (where) {
    case 'desktop':
    case 'wsl':
      return undefined
    case 'ssh':
      return 'This is an SSH session, so no browser is started.'
    case 'container':
      return 'This is a container, so no browser is started.'
    case 'no-display':
      return 'There is no display, so no browser is started.'
  }
}

/** How an address of this machine can be reached from where a browser is; undefined where one is opened. `ports`: what the browser needs. */
export function wayToBrowser(where: Surroundings, ports: readonly number[]): string | undefined {
  const why = whyNoBrowser(where)
  if (why === undefined) return undefined
  const forwards = ports.map((port) => `-L ${port}:localhost:${port}`).join(' ')
  if (where === 'container') return `${why} One outside needs port ${ports.join(' and ')} of it forwarded.`
  return where === 'ssh'
    ? `${why} To use that of your own machine, run there first: ssh ${forwards} <this machine>`
    : `${why} One on another machine can be used after this, run there: ssh ${forwards} <this machine>`
}
