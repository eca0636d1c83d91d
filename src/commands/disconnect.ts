import {Flags} from '@oclif/core'
import {type Disconnected, disconnect} from '../actions/disconnect.ts'
import {BaseCommand} from '../cli/base-command.ts'

export default class Disconnect extends BaseCommand {
  static override summary = 'Detach this place from its workspace'
  static override description =
    `The workspace itself goes on running. Its session goes with the last place that is attached to it. The default of your
home directory is detached only there.`
  static override examples = ['<%= config.bin %> disconnect', '<%= config.bin %> disconnect --all']
  static override flags = {
    keep: Flags.boolean({description: 'leave the session as it is'}),
    all: Flags.boolean({description: 'detach every place of this workspace'}),
  }

  async run(): Promise<ReturnType<typeof toJson>> {
    const {flags} = await this.parse(Disconnect)
    const disconnected = await disconnect(this.createContext(), {keep: flags.keep, all: flags.all})
    const {title, detached} = disconnected
    this.log(`Detached ${detached.join(', ')} from ${title}, which goes on running.`)
    return toJson(disconnected)
  }
}

const toJson = ({owner, title, detached, isSessionDropped}: Disconnected) => ({
  disconnected: true,
  workspace: {id: owner.workspaceId, title},
  title,
  profile: owner.account,
  chosen_by: 'attachment',
  detached_from: detached,
  session_dropped: isSessionDropped,
})
