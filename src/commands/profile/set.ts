import {Flags} from '@oclif/core'
import {setProfile} from '../../actions/account/change-profiles.ts'
import {BaseCommand} from '../../cli/base-command.ts'
import {profileArg} from '../../cli/profile-arg.ts'
import {changesOf, profileFieldFlags, profileJson} from '../../cli/profile-fields.ts'

/** The flag that takes a field away, beside the one that gives it. */
const without = (field: keyof typeof profileFieldFlags, description: string) =>
  Flags.boolean({description, exclusive: [field]})

export default class ProfileSet extends BaseCommand {
  static override summary = 'Change a profile'
  static override description =
    'With --api-base at another origin the token of the former one is removed: a token belongs to one origin.'
  static override examples = [
    '<%= config.bin %> profile set work --ca-file corp-ca.pem',
    '<%= config.bin %> profile set work --no-ssh-proxy',
  ]
  static override args = {name: profileArg({required: true})}
  static override flags = {
    'api-base': Flags.string({helpValue: '<url>', description: 'address of its API, https only'}),
    ...profileFieldFlags,
    'no-web-base': without('web-base', 'forget the address of its pages'),
    'no-ca-file': without('ca-file', 'trust the built-in CA certificates again'),
    'no-ssh-proxy': without('ssh-proxy', 'let SSH go straight to the gateways'),
    'no-https-proxy': without('https-proxy', 'let requests go by the environment alone'),
  }

  async run(): Promise<ReturnType<typeof profileJson> & {token_removed_from: readonly string[]}> {
    const {args, flags} = await this.parse(ProfileSet)
    const context = this.createContext()
    const changes = {
      ...(await changesOf(flags, context.interrupted)),
      ...(flags['no-web-base'] ? {web_base: null} : {}),
      ...(flags['no-ca-file'] ? {ca_file: null} : {}),
      ...(flags['no-ssh-proxy'] ? {ssh_proxy: null} : {}),
      ...(flags['no-https-proxy'] ? {https_proxy: null} : {}),
    }
    const set = await setProfile(context, {name: args.name, changes})
    this.log(`${set.name} is ${set.profile.apiBase} now.`)
    if (set.removedFrom.length > 0) {
      this.say(`The token of its former address was removed from ${set.removedFrom.join(' and ')}.`)
      this.say(`Log in: runcode login --profile ${set.name}`)
    }
    return {...profileJson(set), token_removed_from: set.removedFrom}
  }
}
