import type {Naming} from '../actions/choose-workspace.ts'
import type {Context} from '../actions/context.ts'
import {exec} from '../actions/exec.ts'
import {parseRemoteWords} from '../remote-command/remote-words.ts'
import {OutputCapture} from './output-capture.ts'

/** What `exec --json` and `ssh --json` give. */
export interface RunJson {
  readonly workspace: {readonly id: string; readonly title: string}
  readonly profile: string
  readonly chosen_by: string
  /** The tree whose attachment chose it; null where it was named. */
  readonly attached_to: string | null
  readonly exit_code: number
  readonly stdout: string
  readonly stderr: string
  readonly truncated: boolean
}

/**
 * Runs one command in a workspace and sets our exit status to its own. Its output goes where ours goes, or into the JSON
 * object.
 */
export async function runWords(
  context: Context,
  {words, workspace, profile, home, cwd}: Naming & {words: readonly string[]; home: boolean; cwd: string | undefined},
  {isJson}: {isJson: boolean},
): Promise<RunJson> {
  const [out, err] = [new OutputCapture(), new OutputCapture()]
  const {session, chosen, result} = await exec(
    context,
    {
      ...{workspace, profile, home, cwd, variables: [], isLogin: false, hasTerminal: false, timeoutSeconds: undefined},
      words: parseRemoteWords(words, 'guess'),
      stdin: 'inherit',
      stdout: isJson ? (chunk) => out.add(chunk) : 'inherit',
      stderr: isJson
        ? (chunk) => err.add(chunk)
        : (chunk) => new Promise((resolve) => process.stderr.write(chunk, () => resolve())),
    },
    {phase: 'resolve', started: false},
  )
  process.exitCode = result.exitCode
  return {
    workspace: {id: session.workspaceId, title: session.title},
    profile: session.account,
    chosen_by: chosen.why,
    attached_to: chosen.why === 'attachment' ? chosen.attachment.tree : null,
    exit_code: result.exitCode,
    stdout: out.text(),
    stderr: err.text(),
    truncated: out.isTruncated || err.isTruncated,
  }
}
