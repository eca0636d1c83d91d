import {logout} from '../actions/account/login.ts'
import {BaseCommand, profileFlag} from '../cli/base-command.ts'

export default class Logout extends BaseCommand {
  static override summary = 'Remove the token of a control plane from this machine'
  static override description =
    'The token itself stays valid until it is revoked at the control plane; whoever has a copy of it can use it until then.'
  static override examples = ['<%= config.bin %> logout', '<%= config.bin %> logout --profile local']
  static override flags = {...profileFlag}

  async run(): Promise<{logged_out: boolean; profile: string; origin: string; removed_from: readonly string[]}> {
    const {flags} = await this.parse(Logout)
    const {profile, origin, removedFrom} = await logout(this.createContext(), {profile: flags.profile})
    this.log(
      removedFrom.length === 0
        ? `There was no token for ${origin}.`
        : `Removed the token for ${origin} from ${removedFrom.join(' and ')}.`,
    )
    return {logged_out: removedFrom.length > 0, profile, origin, removed_from: removedFrom}
  }
}
