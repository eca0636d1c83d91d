import {Args} from '@oclif/core'
import {BaseCommand} from '../cli/base-command.ts'
import {NotForPeopleError} from '../cli/proxy-path.ts'

/** What ssh starts is read without oclif (runProxyPath); this is its page of help, and the answer to other words. */
export default class ProxyCommand extends BaseCommand {
  static override hidden = true
  static override summary = 'Connect ssh to a managed host; ssh starts it, as the ProxyCommand of an entry'
  static override examples = ['<%= config.bin %> proxy work/41 calm-reed']
  static override args = {
    host: Args.string({required: true, ignoreStdin: true, description: 'profile and id of the workspace'}),
    user: Args.string({required: true, ignoreStdin: true, description: 'the user that the entry states'}),
  }

  async run(): Promise<void> {
    await this.parse(ProxyCommand)
    throw new NotForPeopleError()
  }
}
