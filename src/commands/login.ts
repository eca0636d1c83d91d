import {Flags} from '@oclif/core'
import {login} from '../actions/account/login.ts'
import {BaseCommand, profileFlag} from '../cli/base-command.ts'
import {askSecret, readStdin} from '../cli/ui/ask-secret.ts'

export default class Login extends BaseCommand {
  static override summary = 'Keep a token for a control plane'
  static override description =
    'The token is checked with the control plane before it is kept, and is never taken from the command line.'
  static override examples = ['<%= config.bin %> login --paste', '<%= config.bin %> login --with-token < token.txt']
  static override flags = {
    ...profileFlag,
    'with-token': Flags.boolean({description: 'read the token from stdin', exactlyOne: ['with-token', 'paste']}),
    paste: Flags.boolean({description: 'ask for the token, without showing it'}),
    store: Flags.option({
      options: ['file', 'keychain'] as const,
      description: 'where to keep it; else the keychain if there is one',
    })(),
  }

  async run(): Promise<{logged_in: true; profile: string; origin: string; stored_in: string}> {
    const {flags} = await this.parse(Login)
    const context = this.createContext()
    const {profile, origin, place} = await login(context, {
      profile: flags.profile,
      store: flags.store,
      readToken: (address) =>
        flags.paste ? askSecret(`Token for ${address}: `, context.interrupted) : readStdin(context.interrupted),
    })
    this.log(`Logged in to ${origin} as profile ${profile}. The token is in ${place}.`)
    return {logged_in: true, profile, origin, stored_in: place}
  }
}
