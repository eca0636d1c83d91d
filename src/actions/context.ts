import type {Folders} from '../core/folders.ts'
import type {Program} from '../openssh/proxy-command.ts'
import type {Now} from '../session/session.ts'

/** What a command may touch of the world around it. Tests hand in their own. */
export interface Context {
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly home: string
  readonly folders: Folders
  /** This very program, for ssh to start. */
  readonly program: Program
  now(): Now
  /** Aborts on Ctrl-C. */
  readonly interrupted: AbortSignal
  readonly progress: Progress
  /** One line for a person, on stderr; under `--json` it goes into `warnings`. */
  warn(message: string): void
}

/** Shows what is being done while it takes time. */
export interface Progress {
  step<T>(title: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T>
}

/**
 * Does a piece of work in the same world, for those who do many and live long: what waits for Ctrl-C within it waits no
 * longer than the work.
 */
export async function within<T>(context: Context, work: (context: Context) => Promise<T>): Promise<T> {
  const {env, home, folders, program, progress, interrupted} = context
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  if (interrupted.aborted) abort()
  interrupted.addEventListener('abort', abort)
  try {
    return await work({
      ...{env, home, folders, program, progress, interrupted: controller.signal},
      get cwd() {
        return context.cwd
      },
      now: () => context.now(),
      warn: (message) => context.warn(message),
    })
  } finally {
    interrupted.removeEventListener('abort', abort)
  }
}
