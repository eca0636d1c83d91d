import {Flags} from '@oclif/core'
import {type Connection, connect} from '../actions/connect.ts'
import {BaseCommand, profileFlag} from '../cli/base-command.ts'
import {durationFlag} from '../cli/duration-flag.ts'
import {workspaceArg} from '../cli/workspace-arg.ts'
import {formatDuration} from '../core/duration.ts'
import {expiresAt} from '../session/session.ts'
import {nameOf} from '../workspace/workspace.ts'

export default class Connect extends BaseCommand {
  static override summary = 'Connect this place to a workspace'
  static override description =
    `Takes a pass for a key that is made here and never leaves, opens a connection, and attaches the git work tree (else the
directory) that it is run in, so that "exec" and others know which workspace is meant. In your home directory it sets
the default for everything below.`
  static override examples = [
    '<%= config.bin %> connect payments-api --start --wait',
    '<%= config.bin %> connect 41 --json',
    '<%= config.bin %> connect local:demo --ttl 10m',
  ]
  static override args = {workspace: workspaceArg({required: true})}
  static override flags = {
    ...profileFlag,
    start: Flags.boolean({description: 'start the workspace if it is stopped'}),
    wait: Flags.boolean({description: 'wait until SSH really answers'}),
    timeout: durationFlag({default: 180, description: 'limit for all of it together', defaultHelp: async () => '3m'}),
    ttl: durationFlag({default: 1800, description: 'how long the pass is to be worth', defaultHelp: async () => '30m'}),
    force: Flags.boolean({description: 'take a new pass even if the one at hand is good'}),
    default: Flags.boolean({description: 'attach your home directory: the default for everything below it'}),
  }

  async run(): Promise<ReturnType<typeof toJson>> {
    const {args, flags} = await this.parse(Connect)
    const context = this.createContext()
    const connection = await connect(context, args.workspace, {
      profile: flags.profile,
      start: flags.start,
      wait: flags.wait,
      force: flags.force,
      asDefault: flags.default,
      timeoutSeconds: flags.timeout,
      ttlSeconds: flags.ttl,
    })
    const {session, workspace, attachment} = connection
    const leftSeconds = (expiresAt(session).getTime() - context.now().date.getTime()) / 1000
    this.log(
      `Connected to ${nameOf(workspace)} (${session.title}), attached to ${attachment.tree}, pass good for ${formatDuration(leftSeconds)}.`,
    )
    return toJson(connection)
  }
}

const toJson = ({session, workspace, attachment, wasStarted, isReused}: Connection) => ({
  workspace: {
    id: workspace.id,
    title: session.title,
    custom_title: workspace.displayName,
    shared: workspace.isShared,
  },
  profile: session.account,
  origin: session.origin,
  chosen_by: 'flag',
  attached_to: attachment.tree,
  alias: session.alias,
  config: session.configFile,
  control_path: session.controlPath ?? null,
  command: ['ssh', '-F', session.configFile, session.alias],
  host: session.host,
  port: session.port,
  user: session.user,
  web_url: session.webUrl ?? null,
  workdir: session.workdir ?? null,
  expires_at: expiresAt(session).toISOString(),
  started: wasStarted,
  reused: isReused,
  statusline_installed: false,
})
