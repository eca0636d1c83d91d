import {fileURLToPath} from 'node:url'
import {Flags} from '@oclif/core'
import {runServerHere} from '../../actions/server/run-here.ts'
import {serverUp} from '../../actions/server/up.ts'
import {BaseCommand} from '../../cli/base-command.ts'
import {durationFlag} from '../../cli/duration-flag.ts'
import {portFlag} from '../../cli/port-flag.ts'
import {type ServerJson, serverJson} from '../../cli/server-json.ts'

export default class ServerUp extends BaseCommand {
  static override summary = 'Start the server of this machine'
  static override description =
    `Starts it in the background, unless it runs, and writes the profile "local", which becomes the default only where there is
no other profile and no token. Its workspaces are folders and processes of yours: they are not isolated from you. Both
ports listen on loopback only.`
  static override examples = ['<%= config.bin %> server up', '<%= config.bin %> server up --foreground --idle 1h']
  static override flags = {
    foreground: Flags.boolean({description: 'stay, and end with Ctrl-C; for service managers'}),
    idle: durationFlag({
      description: 'end after so long without a request or a connection; jobs in the background do not count',
    }),
    'api-port': portFlag({description: 'port of the API; else the one of last time, or a free one'}),
    'gateway-port': portFlag({description: 'port of the SSH gateway; likewise'}),
  }

  async run(): Promise<ServerJson | undefined> {
    const {flags} = await this.parse(ServerUp)
    const input = {apiPort: flags['api-port'], gatewayPort: flags['gateway-port'], idleSeconds: flags.idle}
    const context = this.createContext()
    if (flags.foreground) {
      const end = await runServerHere(context, {
        ...input,
        version: this.config.version,
        onReady: ({apiBase, gatewayPort}) =>
          this.say(`The server is up: API ${apiBase}, SSH 127.0.0.1:${gatewayPort}.`),
      })
      this.say(end === 'idle' ? 'The server ended: it had nothing to do.' : 'The server ended.')
      return undefined
    }
    const {facts, wasRunning, isDefault} = await serverUp(context, {...input, self: [process.execPath, SELF]})
    this.log(
      `The server ${wasRunning ? 'was up already' : 'is up'}: API ${facts.apiBase}, SSH 127.0.0.1:${facts.gatewayPort}, profile local${isDefault ? ' (the default)' : ''}.`,
    )
    return serverJson(facts)
  }
}

/** This very program, for the process in the background. */
const SELF = fileURLToPath(new URL('../../../bin/run.js', import.meta.url))
