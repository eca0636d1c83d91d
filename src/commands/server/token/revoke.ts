import {Args} from '@oclif/core'
import {revokeServerToken} from '../../../actions/server/tokens.ts'
import {BaseCommand} from '../../../cli/base-command.ts'

export default class ServerTokenRevoke extends BaseCommand {
  static override summary = 'Revoke a token of the server of this machine'
  static override examples = ['<%= config.bin %> server token revoke 2']
  static override args = {
    id: Args.integer({required: true, min: 1, description: 'as "server token list" shows it', ignoreStdin: true}),
  }

  async run(): Promise<{revoked: true; id: string}> {
    const {args} = await this.parse(ServerTokenRevoke)
    await revokeServerToken(this.createContext(), args.id)
    this.log(`Revoked token ${args.id}.`)
    return {revoked: true, id: String(args.id)}
  }
}
