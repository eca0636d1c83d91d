import {Flags} from '@oclif/core'
import {type WebAddress, webAddress} from '../actions/web-address.ts'
import {BaseCommand, profileFlag} from '../cli/base-command.ts'
import {openInBrowser} from '../cli/ui/open-browser.ts'
import {workspaceArg} from '../cli/workspace-arg.ts'

export default class Open extends BaseCommand {
  static override summary = 'Open a workspace in the browser'
  static override description = 'Opens an https address that holds no token; the browser logs in by itself.'
  static override examples = ['<%= config.bin %> open payments-api', '<%= config.bin %> open payments-api --print']
  static override args = {workspace: workspaceArg({required: true})}
  static override flags = {...profileFlag, print: Flags.boolean({description: 'only print the address'})}

  async run(): Promise<ReturnType<typeof toJson>> {
    const {args, flags} = await this.parse(Open)
    const found = await webAddress(this.createContext(), {workspace: args.workspace, profile: flags.profile})
    this.log(found.webUrl)
    const isOpened = !flags.print && !this.jsonEnabled()
    if (isOpened) await openInBrowser(found.webUrl)
    return toJson(found, isOpened)
  }
}

const toJson = ({session, webUrl}: WebAddress, isOpened: boolean) => ({
  workspace: {id: session.workspaceId, title: session.title},
  profile: session.account,
  chosen_by: 'flag',
  web_url: webUrl,
  opened: isOpened,
})
