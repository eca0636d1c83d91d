import {listServerTokens, type ServerToken} from '../../../actions/server/tokens.ts'
import {BaseCommand} from '../../../cli/base-command.ts'
import type {Column} from '../../../cli/ui/table.ts'

export default class ServerTokenList extends BaseCommand {
  static override summary = 'List the tokens of the server of this machine'
  static override examples = ['<%= config.bin %> server token list']

  async run(): Promise<{tokens: readonly ReturnType<typeof toJson>[]}> {
    await this.parse(ServerTokenList)
    const tokens = await listServerTokens(this.createContext())
    this.logTable(tokens, COLUMNS)
    return {tokens: tokens.map(toJson)}
  }
}

const toJson = ({id, name, scope, createdAt, lastUsedAt}: ServerToken) => ({
  id: String(id),
  name,
  scope,
  created_at: createdAt.toISOString(),
  last_used_at: lastUsedAt?.toISOString() ?? null,
})

const COLUMNS: readonly Column<ServerToken>[] = [
  {head: 'ID', cell: ({id}) => String(id)},
  {head: 'NAME', cell: ({name}) => name},
  {head: 'MAY', cell: ({scope}) => (scope === 'owner' ? 'manage everything' : 'use workspaces')},
  {head: 'MADE', cell: ({createdAt}) => createdAt.toISOString()},
  {head: 'LAST USED', cell: ({lastUsedAt}) => lastUsedAt?.toISOString() ?? 'never'},
]
