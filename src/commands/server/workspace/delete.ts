import {deleteServerWorkspace} from '../../../actions/server/workspaces.ts'
import {BaseCommand} from '../../../cli/base-command.ts'
import {workspaceArg} from '../../../cli/workspace-arg.ts'

export default class ServerWorkspaceDelete extends BaseCommand {
  static override summary = 'Delete a workspace of the server of this machine, with its files'
  static override examples = ['<%= config.bin %> server workspace delete payments-api']
  static override args = {workspace: workspaceArg({required: true, description: 'title or id'})}

  async run(): Promise<{deleted: true; id: string; title: string}> {
    const {args} = await this.parse(ServerWorkspaceDelete)
    const {id, title} = await deleteServerWorkspace(this.createContext(), args.workspace)
    this.log(`Deleted ${title} (${id}) and its files.`)
    return {deleted: true, id: String(id), title}
  }
}
