import {shell} from '../actions/shell.ts'
import {profileFlag} from '../cli/base-command.ts'
import {RemoteCommand} from '../cli/remote-command.ts'
import {type RunJson, runWords} from '../cli/run-words.ts'
import {workspaceArg} from '../cli/workspace-arg.ts'

export default class Ssh extends RemoteCommand {
  static override summary = 'Open a shell on a workspace, or run one command there'
  static override description =
    `Without a command: an interactive login shell with a terminal, in the project directory. With one behind two dashes: as
"exec", on the named workspace. Nothing is attached.`
  static override examples = ['<%= config.bin %> ssh payments-api', '<%= config.bin %> ssh payments-api -- git status']
  static override args = {workspace: workspaceArg({required: true})}
  static override flags = {...profileFlag}

  async run(): Promise<RunJson | undefined> {
    const {ours, words} = this.splitArgv()
    const {args, flags} = await this.parse(Ssh, ours)
    const {workspace} = args
    const {profile} = flags
    const context = this.createContext()
    // A shell has no one answer, so it takes no --json: there a command must follow.
    if (words === undefined && !this.jsonEnabled()) {
      process.exitCode = await shell(context, {workspace, profile, ...this.sinks})
      return undefined
    }
    return runWords(
      context,
      {words: words ?? [], workspace, profile, home: false, cwd: undefined},
      {isJson: this.jsonEnabled()},
    )
  }
}
