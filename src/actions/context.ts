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
