import {useProfile} from '../../actions/account/change-profiles.ts'
import {BaseCommand} from '../../cli/base-command.ts'
import {profileArg} from '../../cli/profile-arg.ts'
import {profileJson} from '../../cli/profile-fields.ts'

export default class ProfileUse extends BaseCommand {
  static override summary = 'Make a profile the default'
  static override description =
    'What is attached already stays with its own profile. "runcode" is RunCode\'s public service.'
  static override examples = ['<%= config.bin %> profile use work', '<%= config.bin %> profile use runcode']
  static override args = {name: profileArg({required: true})}

  async run(): Promise<ReturnType<typeof profileJson>> {
    const {args} = await this.parse(ProfileUse)
    const context = this.createContext()
    const used = await useProfile(context, args.name)
    const [stronger] = ['RUNCODE_PROFILE', 'RUNCODE_API_BASE', 'RUNCODE_TOKEN'].filter((name) => context.env[name])
    if (stronger !== undefined) context.warn(`${stronger} is set, and comes before the default.`)
    this.log(`The default is ${used.name}: ${used.profile.apiBase}.`)
    return profileJson(used)
  }
}
