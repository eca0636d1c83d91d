import {askServer, findServer} from '../../actions/server/local-server.ts'
import {BaseCommand} from '../../cli/base-command.ts'
import {type ServerJson, serverJson} from '../../cli/server-json.ts'

export default class ServerStatus extends BaseCommand {
  static override summary = 'Show whether the server of this machine runs, and where'
  static override description = 'Exits with 1 where it does not run.'
  static override examples = ['<%= config.bin %> server status', '<%= config.bin %> server status --json']

  async run(): Promise<ServerJson | {readonly running: false}> {
    await this.parse(ServerStatus)
    const context = this.createContext()
    const facts = await findServer(context)
    if (facts === undefined) {
      process.exitCode = 1
      this.log('The server of this machine is not running. Start it: runcode server up')
      return {running: false}
    }
    await askServer(context, {method: 'GET', path: ''})
    this.log(`API      ${facts.apiBase}`)
    this.log(`SSH      127.0.0.1:${facts.gatewayPort}`)
    this.log(`Pages    ${serverJson(facts).web_base}`)
    this.log(`CA file  ${facts.caFile}`)
    this.log('Profile  local')
    this.log(`Process  ${facts.pid}`)
    return serverJson(facts)
  }
}
