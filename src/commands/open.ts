import {Flags} from '@oclif/core'
import {type WebAddress, webAddress} from '../actions/web-address.ts'
import {BaseCommand, profileFlag} from '../cli/base-command.ts'
import {tryBrowser} from '../cli/ui/open-browser.ts'
import {workspaceArg} from '../cli/workspace-arg.ts'
import {surroundingsHere, whyNoBrowser} from '../login/surroundings.ts'

export default class Open extends BaseCommand {
  static override summary = 'Open a workspace in the browser'
  static override description =
    'Shows an https address that holds no token (the browser logs in by itself), and opens it where somebody sits in front of a browser: not in an SSH session, not without a display, not under --json.'
  static override examples = ['<%= config.bin %> open payments-api', '<%= config.bin %> open payments-api --print']
  static override args = {workspace: workspaceArg({required: true})}
  static override flags = {...profileFlag, print: Flags.boolean({description: 'only print the address'})}

  async run(): Promise<ReturnType<typeof toJson>> {
    const {args, flags} = await this.parse(Open)
    const context = this.createContext()
    const found = await webAddress(context, {workspace: args.workspace, profile: flags.profile})
    this.log(found.webUrl)
    if (flags.print || this.jsonEnabled()) return toJson(found)
    const whyNot = await tryBrowser(found.webUrl, context.env, whyNoBrowser(surroundingsHere(context.env)))
    if (whyNot !== undefined) this.say(whyNot)
    return toJson(found)
  }
}

const toJson = ({session, webUrl}: WebAddress) => ({
  workspace: {id: session.workspaceId, title: session.title},
  profile: session.account,
  chosen_by: 'flag',
  web_url: webUrl,
})
