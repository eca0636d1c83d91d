import {listProfiles, type NamedProfile} from '../../actions/account/change-profiles.ts'
import {BaseCommand} from '../../cli/base-command.ts'
import {profileJson} from '../../cli/profile-fields.ts'
import type {Column} from '../../cli/ui/table.ts'

export default class ProfileList extends BaseCommand {
  static override summary = 'List the accounts that this machine knows'
  static override description =
    'RunCode\'s public service is there by itself, as "runcode". No token is shown or asked for.'
  static override examples = ['<%= config.bin %> profile list', '<%= config.bin %> profile list --json']

  async run(): Promise<{profiles: readonly ReturnType<typeof profileJson>[]}> {
    await this.parse(ProfileList)
    const profiles = await listProfiles(this.createContext())
    this.logTable(profiles, COLUMNS)
    return {profiles: profiles.map(profileJson)}
  }
}

const COLUMNS: readonly Column<NamedProfile>[] = [
  {head: 'NAME', cell: ({name}) => name},
  {head: 'DEFAULT', cell: ({isDefault}) => (isDefault ? 'default' : '')},
  {head: 'API', cell: ({profile}) => profile.apiBase},
  {head: 'ACCOUNT', cell: ({profile}) => profile.email ?? ''},
  {head: 'TOKEN IN', cell: ({profile}) => profile.store ?? ''},
  {head: 'CA FILE', cell: ({profile}) => profile.caFile ?? ''},
  {head: 'SSH PROXY', cell: (one) => profileJson(one).ssh_proxy ?? ''},
  {head: 'HTTPS PROXY', cell: (one) => profileJson(one).https_proxy ?? ''},
]
