import {listServerWorkspaces, type ServerWorkspace} from '../../../actions/server/workspaces.ts'
import {BaseCommand} from '../../../cli/base-command.ts'
import type {Column} from '../../../cli/ui/table.ts'

export default class ServerWorkspaceList extends BaseCommand {
  static override summary = 'List the workspaces of the server of this machine'
  static override examples = ['<%= config.bin %> server workspace list']

  async run(): Promise<{
    workspaces: readonly {id: string; title: string; custom_title: string | null; state: string; workdir: string}[]
  }> {
    await this.parse(ServerWorkspaceList)
    const workspaces = await listServerWorkspaces(this.createContext())
    this.logTable(workspaces, COLUMNS)
    if (workspaces.length === 0) this.say('There are no workspaces. Make one: runcode server workspace create <title>')
    return {
      workspaces: workspaces.map(({id, title, customTitle, state, workdir}) => ({
        id: String(id),
        title,
        custom_title: customTitle,
        state,
        workdir,
      })),
    }
  }
}

const COLUMNS: readonly Column<ServerWorkspace>[] = [
  {head: 'STATE', cell: ({state}) => state},
  {head: 'ID', cell: ({id}) => String(id)},
  {head: 'TITLE', cell: ({title}) => title},
  {head: 'NAME', cell: ({customTitle}) => customTitle ?? ''},
  {head: 'FOLDER', cell: ({workdir}) => workdir},
]
