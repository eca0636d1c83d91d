import {Args, Flags} from '@oclif/core'
import {addProfile} from '../../actions/account/change-profiles.ts'
import {BaseCommand} from '../../cli/base-command.ts'
import {changesOf, profileFieldFlags, profileJson} from '../../cli/profile-fields.ts'

export default class ProfileAdd extends BaseCommand {
  static override summary = 'Write down an account at a control plane'
  static override description =
    'Nothing is sent. Its token comes by "runcode login --profile <name>"; without --use the default stays what it is.'
  static override examples = [
    '<%= config.bin %> profile add work --api-base https://runcode.example.com --use',
    '<%= config.bin %> profile add lab --api-base https://lab.example.com --ca-file lab-ca.pem --ssh-proxy http://proxy.example.com:3128',
  ]
  static override args = {
    name: Args.string({required: true, description: '1 to 20 of a-z, 0-9 and "-"', ignoreStdin: true}),
  }
  static override flags = {
    provider: Flags.option({options: ['runcode'] as const, default: 'runcode', description: 'what it speaks'})(),
    'api-base': Flags.string({required: true, helpValue: '<url>', description: 'address of its API, https only'}),
    ...profileFieldFlags,
    use: Flags.boolean({description: 'make it the default'}),
  }

  async run(): Promise<ReturnType<typeof profileJson>> {
    const {args, flags} = await this.parse(ProfileAdd)
    const context = this.createContext()
    const changes = {...(await changesOf(flags, context.interrupted)), provider: flags.provider}
    const added = await addProfile(context, {name: args.name, changes, use: flags.use})
    const {name, profile, isDefault} = added
    this.log(`Added ${name}: ${profile.apiBase}${isDefault ? ' (the default)' : ''}.`)
    this.say(`Log in: runcode login --profile ${name}`)
    return profileJson(added)
  }
}
