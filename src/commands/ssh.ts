import {shell} from '../actions/shell.ts'
import {descriptorSink} from '../cli/descriptor-sink.ts'
import {oclifRunFlags} from '../cli/oclif-run-flags.ts'
import {RemoteCommand} from '../cli/remote-command.ts'
import type {RunValues} from '../cli/run-flags.ts'
import {flagsNotForShell} from '../cli/run-input.ts'
import {runLine} from '../cli/run-line.ts'
import {workspaceArg} from '../cli/workspace-arg.ts'

export default class Ssh extends RemoteCommand {
  static override summary = 'Open a shell on a workspace, or run one command there'
  static override description =
    `Without a command: an interactive login shell with a terminal, in the project directory. With one behind two dashes, or
with --script: as "exec", on the named workspace. Nothing is attached.`
  static override examples = [
    '<%= config.bin %> ssh payments-api',
    '<%= config.bin %> ssh payments-api -- git status',
    '<%= config.bin %> ssh payments-api --tty -- htop',
  ]
  static override args = {workspace: workspaceArg({required: true})}
  static override flags = oclifRunFlags('workspace')

  async run(): Promise<void> {
    const {ours, words} = this.splitArgv()
    const {args, flags} = await this.parse(Ssh, ours)
    const values: RunValues = {...flags, workspace: args.workspace}
    if (words !== undefined || flagsNotForShell(values).length > 0) return runLine({verb: 'ssh', values, words})
    const {workspace} = args
    process.exitCode = await shell(this.createContext(), {
      ...{workspace, profile: values.profile},
      ...{stdout: descriptorSink('stdout'), stderr: descriptorSink('stderr')},
    })
  }
}
