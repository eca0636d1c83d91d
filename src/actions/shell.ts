import {RuncodeError} from '../core/errors.ts'
import type {Sink} from '../remote-command/pass-on.ts'
import {ConnectionLostError} from '../remote-command/run-remote.ts'
import type {Context} from './context.ts'
import {type ExecInput, exec} from './exec.ts'

export interface ShellInput {
  readonly workspace: string
  readonly profile: string | undefined
  /** Takes what the terminal on the workspace shows. */
  readonly stdout: Sink
  /** Takes what ssh itself tells a person, as when its escape character is typed. */
  readonly stderr: Sink
}

/** The link to a shell broke, or was cut with `~.`: whoever typed there knows what ran. */
export class ShellLostError extends RuncodeError {
  constructor(cause: ConnectionLostError, workspace: string) {
    super(cause.message.replace(' while the command may have been running', ''), {
      code: 'connection_lost',
      hint: `Open another shell: runcode ssh ${workspace}`,
      facts: cause.facts,
      cause,
    })
  }
}

/** An interactive login shell on a named workspace, in the project directory. Gives its status; throws as exec does. */
export async function shell(context: Context, input: ShellInput): Promise<number> {
  const {workspace} = input
  const run: ExecInput = {
    ...input,
    ...{words: {kind: 'shell'}, home: false, cwd: undefined, variables: [], isLogin: true},
    ...{hasTerminal: true, stdin: 'inherit', timeoutSeconds: undefined},
  }
  try {
    const {result} = await exec(context, run, {phase: 'resolve', started: false})
    return result.exitCode
  } catch (error) {
    throw error instanceof ConnectionLostError ? new ShellLostError(error, workspace) : error
  }
}
