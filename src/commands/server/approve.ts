import {Args} from '@oclif/core'
import {approveLogin} from '../../actions/server/approve.ts'
import {BaseCommand} from '../../cli/base-command.ts'

export default class ServerApprove extends BaseCommand {
  static override summary = 'Confirm a login of another client, by the code that its page shows'
  static override description =
    'Only where you started that login yourself. The client gets a token that may use workspaces and manage nothing; after five wrong codes every login that waits for one is over.'
  static override examples = ['<%= config.bin %> server approve 123456']
  static override args = {
    code: Args.string({required: true, description: 'six digits, as the page shows them', ignoreStdin: true}),
  }

  async run(): Promise<{approved: true}> {
    const {args} = await this.parse(ServerApprove)
    await approveLogin(this.createContext(), args.code)
    this.log('Confirmed. Now continue in the browser.')
    return {approved: true}
  }
}
