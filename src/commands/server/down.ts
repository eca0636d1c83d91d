import {Flags} from '@oclif/core'
import {serverDown} from '../../actions/server/down.ts'
import {BaseCommand} from '../../cli/base-command.ts'

export default class ServerDown extends BaseCommand {
  static override summary = 'Stop the server of this machine, and all that runs in its workspaces'
  static override description =
    'A program there with an emptied environment (env -i) that left its session may not be found. With --purge its data goes too: workspaces with their files, the profile "local", its token, sessions and attachments.'
  static override examples = ['<%= config.bin %> server down', '<%= config.bin %> server down --purge']
  static override flags = {purge: Flags.boolean({description: 'delete everything that it and its profile keep'})}

  async run(): Promise<{was_running: boolean; purged: boolean}> {
    const {flags} = await this.parse(ServerDown)
    const {wasRunning, purged} = await serverDown(this.createContext(), {purge: flags.purge})
    this.log(
      `${wasRunning ? 'The server is down.' : 'The server was not running.'}${purged === undefined ? '' : ` Removed ${purged} and the profile "local".`}`,
    )
    return {was_running: wasRunning, purged: purged !== undefined}
  }
}
