import {Flags} from '@oclif/core'
import {disconnect} from '../actions/disconnect.ts'
import {BaseCommand} from '../cli/base-command.ts'
import {printable} from '../core/printable.ts'

export default class Disconnect extends BaseCommand {
  static override summary = 'Detach this place from its workspace'
  static override description =
    'The workspace itself goes on running. Its session goes with the last place that is attached to it.'
  static override examples = ['<%= config.bin %> disconnect', '<%= config.bin %> disconnect --all']
  static override flags = {
    keep: Flags.boolean({description: 'leave the session as it is'}),
    all: Flags.boolean({description: 'detach every place of this workspace'}),
  }

  async run(): Promise<{
    disconnected: true
    title: string
    detached_from: readonly string[]
    session_dropped: boolean
  }> {
    const {flags} = await this.parse(Disconnect)
    const {title, detached, isSessionDropped} = await disconnect(this.createContext(), {
      keep: flags.keep,
      all: flags.all,
    })
    this.log(printable(`Detached ${detached.join(', ')} from ${title}, which goes on running.`))
    return {disconnected: true, title, detached_from: detached, session_dropped: isSessionDropped}
  }
}
