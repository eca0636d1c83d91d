import {Args, Flags} from '@oclif/core'
import {createServerWorkspace} from '../../../actions/server/workspaces.ts'
import {BaseCommand} from '../../../cli/base-command.ts'

export default class ServerWorkspaceCreate extends BaseCommand {
  static override summary = 'Make a workspace on the server of this machine'
  static override examples = ['<%= config.bin %> server workspace create payments-api --name "Payments API"']
  static override args = {
    title: Args.string({required: true, description: 'a-z, 0-9 and "-"; at most 40', ignoreStdin: true}),
  }
  static override flags = {name: Flags.string({helpValue: '<text>', description: 'the name that people read'})}

  async run(): Promise<{id: string; title: string; custom_title: string | null; state: string; workdir: string}> {
    const {args, flags} = await this.parse(ServerWorkspaceCreate)
    const {id, title, customTitle, state, workdir} = await createServerWorkspace(this.createContext(), {
      title: args.title,
      name: flags.name,
    })
    this.log(`Made ${title} (${id}). Start it: runcode connect local:${title} --start --wait`)
    return {id: String(id), title, custom_title: customTitle, state, workdir}
  }
}
