import {Args} from '@oclif/core'
import {createServerToken} from '../../../actions/server/tokens.ts'
import {BaseCommand} from '../../../cli/base-command.ts'

export default class ServerTokenCreate extends BaseCommand {
  static override summary = 'Make a token for another client of the server of this machine'
  static override description = 'It may use workspaces and manage nothing. The token is printed once and kept nowhere.'
  static override examples = [
    '<%= config.bin %> server token create laptop',
    '<%= config.bin %> server token create ci --json',
  ]
  static override args = {name: Args.string({required: true, description: 'what it is for', ignoreStdin: true})}

  async run(): Promise<{id: string; name: string; token: string}> {
    const {args} = await this.parse(ServerTokenCreate)
    const {token, secret} = await createServerToken(this.createContext(), args.name)
    this.log(secret)
    this.say('This is the only time that it is shown.')
    return {id: String(token.id), name: token.name, token: secret}
  }
}
