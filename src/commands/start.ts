import {Flags} from '@oclif/core'
import {startWorkspace} from '../actions/start-workspace.ts'
import {BaseCommand, profileFlag} from '../cli/base-command.ts'
import {durationFlag} from '../cli/duration-flag.ts'
import {workspaceArg} from '../cli/workspace-arg.ts'
import {nameOf} from '../workspace/workspace.ts'

export default class Start extends BaseCommand {
  static override summary = 'Start a workspace'
  static override examples = ['<%= config.bin %> start payments-api', '<%= config.bin %> start payments-api --no-wait']
  static override args = {workspace: workspaceArg({required: true})}
  static override flags = {
    ...profileFlag,
    wait: Flags.boolean({default: true, allowNo: true, description: 'wait until it runs'}),
    timeout: durationFlag({default: 180, description: 'how long to wait', defaultHelp: async () => '3m'}),
  }

  async run(): Promise<StartJson> {
    const {args, flags} = await this.parse(Start)
    const options = {profile: flags.profile, wait: flags.wait, timeoutSeconds: flags.timeout}
    const {found, wasStarted} = await startWorkspace(this.createContext(), args.workspace, options)
    const words = wasStarted ? (flags.wait ? 'is running' : 'is starting') : 'was running already'
    const {workspace, account} = found
    this.log(`${nameOf(workspace)} ${words}.`)
    const {id, title} = workspace
    return {
      workspace: {id, title},
      profile: account.name,
      chosen_by: found.why,
      started: wasStarted,
      waited: flags.wait,
    }
  }
}

interface StartJson {
  readonly workspace: {readonly id: string; readonly title: string}
  readonly profile: string
  readonly chosen_by: string
  readonly started: boolean
  readonly waited: boolean
}
