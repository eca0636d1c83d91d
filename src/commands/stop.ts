import {Flags} from '@oclif/core'
import {type Stopped, stopWorkspace} from '../actions/stop-workspace.ts'
import {BaseCommand, profileFlag} from '../cli/base-command.ts'
import {workspaceArg} from '../cli/workspace-arg.ts'

export default class Stop extends BaseCommand {
  static override summary = 'Power a workspace off'
  static override description =
    `Without a name: that of RUNCODE_WORKSPACE, else the one that is attached here, but never the default of your home
directory.`
  static override examples = ['<%= config.bin %> stop', '<%= config.bin %> stop payments-api --keep']
  static override args = {workspace: workspaceArg()}
  static override flags = {...profileFlag, keep: Flags.boolean({description: 'keep what is attached, and the session'})}

  async run(): Promise<ReturnType<typeof toJson>> {
    const {args, flags} = await this.parse(Stop)
    const input = {workspace: args.workspace, profile: flags.profile, keep: flags.keep}
    const stopped = await stopWorkspace(this.createContext(), input)
    const {title, detached} = stopped
    this.log(`${title} is stopping.${detached.length === 0 ? '' : ` Detached: ${detached.join(', ')}.`}`)
    return toJson(stopped)
  }
}

const toJson = ({owner, title, why, detached}: Stopped) => ({
  stopped: true,
  workspace: {id: owner.workspaceId, title},
  workspace_id: owner.workspaceId,
  title,
  profile: owner.account,
  chosen_by: why,
  detached: detached.length > 0,
  detached_from: detached,
})
