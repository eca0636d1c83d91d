import {logout} from '../actions/login.ts'
import {BaseCommand, profileFlag} from '../cli/base-command.ts'
import {printable} from '../core/printable.ts'

export default class Logout extends BaseCommand {
  static override summary = 'Remove the token of a control plane from this machine'
  static override examples = ['<%= config.bin %> logout', '<%= config.bin %> logout --profile local']
  static override flags = {...profileFlag}

  async run(): Promise<{logged_out: boolean; profile: string; origin: string; removed_from: string | null}> {
    const {flags} = await this.parse(Logout)
    const {profile, origin, place, wasLoggedIn} = await logout(this.createContext(), {profile: flags.profile})
    this.log(
      printable(
        wasLoggedIn
          ? `Removed the token for ${origin} from ${place}.`
          : `There was no token for ${origin} in ${place}.`,
      ),
    )
    return {logged_out: wasLoggedIn, profile, origin, removed_from: wasLoggedIn ? place : null}
  }
}
