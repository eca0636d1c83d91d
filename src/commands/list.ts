import {Flags} from '@oclif/core'
import {listWorkspaces} from '../actions/list-workspaces.ts'
import {BaseCommand, profileFlag} from '../cli/base-command.ts'
import type {Column} from '../cli/ui/table.ts'
import {isRunning, nameOf, type Workspace, wordFor} from '../workspace/workspace.ts'

export default class List extends BaseCommand {
  static override summary = 'List your workspaces and those shared with you'
  static override description =
    'Shows what SSH can reach; --all shows the rest as well. In a pipe the columns are separated by tabs.'
  static override examples = ['<%= config.bin %> list', '<%= config.bin %> list --json']
  static override flags = {...profileFlag, all: Flags.boolean({description: 'also those that SSH cannot reach'})}

  async run(): Promise<ListJson> {
    const {flags} = await this.parse(List)
    const input = {profile: flags.profile, all: flags.all}
    const {account, prefix, workspaces} = await listWorkspaces(this.createContext(), input)
    this.logTable(workspaces, columns(prefix))
    if (workspaces.length === 0) this.say('There are no workspaces.')
    return {profile: account, workspaces: workspaces.map(toJson)}
  }
}

interface ListJson {
  readonly profile: string
  readonly workspaces: readonly ReturnType<typeof toJson>[]
}

const toJson = ({id, title, displayName, state, isShared, hasSsh}: Workspace) => ({
  id,
  title,
  custom_title: displayName,
  state,
  shared: isShared,
  connectable: hasSsh && state === 'running',
})

const howToReach = (workspace: Workspace, prefix: string): string => {
  if (!workspace.hasSsh) return 'not by SSH'
  return `runcode connect ${prefix}${wordFor(workspace)}${isRunning(workspace) ? '' : ' --start --wait'}`
}

const columns = (prefix: string): readonly Column<Workspace>[] => [
  {head: 'STATE', cell: ({state}) => state || 'unknown'},
  {head: 'ID', cell: ({id}) => id},
  {head: 'TITLE', cell: ({title}) => title},
  {head: 'NAME', cell: (one) => (nameOf(one) === one.title ? '' : nameOf(one))},
  {head: 'WHOSE', cell: ({isShared}) => (isShared ? 'shared' : 'own')},
  {head: 'CONNECT', cell: (one) => howToReach(one, prefix)},
]
