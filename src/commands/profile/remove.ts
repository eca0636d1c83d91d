import {removeProfile} from '../../actions/account/change-profiles.ts'
import {BaseCommand} from '../../cli/base-command.ts'
import {profileArg} from '../../cli/profile-arg.ts'

export default class ProfileRemove extends BaseCommand {
  static override summary = 'Remove a profile, and its token from this machine'
  static override description =
    'Nothing is sent: the token itself stays valid until it is revoked at the control plane.'
  static override examples = ['<%= config.bin %> profile remove work']
  static override args = {name: profileArg({required: true})}

  async run(): Promise<Removed> {
    const {args} = await this.parse(ProfileRemove)
    const context = this.createContext()
    const {name, isDefault, removedFrom, attached} = await removeProfile(context, args.name)
    if (isDefault) context.warn(`${name} was the default, which is RunCode's public service now.`)
    const token =
      removedFrom.length === 0 ? 'No token of it was found.' : `Its token is gone from ${removedFrom.join(' and ')}.`
    this.log(`Removed ${name}. ${token}`)
    if (attached.length > 0)
      this.say(`Still attached with it: ${attached.join(', ')}. Entries of ssh stay until: runcode config-ssh`)
    return {removed: true, profile: name, was_default: isDefault, token_removed_from: removedFrom, attached}
  }
}

interface Removed {
  readonly removed: true
  readonly profile: string
  readonly was_default: boolean
  readonly token_removed_from: readonly string[]
  /** Places that are attached with it still. */
  readonly attached: readonly string[]
}
