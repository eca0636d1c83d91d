import {readStatus, type Status as StatusData} from '../actions/read-status.ts'
import {BaseCommand} from '../cli/base-command.ts'
import {formatDuration} from '../core/duration.ts'
import {expiresAt} from '../session/session.ts'

export default class Status extends BaseCommand {
  static override summary = 'Show what is attached here, and what its session is worth'
  static override examples = ['<%= config.bin %> status', '<%= config.bin %> status --json']

  async run(): Promise<ReturnType<typeof toJson>> {
    await this.parse(Status)
    const status = await readStatus(this.createContext())
    for (const line of toLines(status)) this.log(line)
    return toJson(status)
  }
}

const toLines = ({attachment, named, session, remainingSeconds, isMasterUp}: StatusData): readonly string[] => {
  const first = named === undefined ? [] : [`RUNCODE_WORKSPACE is "${named}": commands go there, whatever is attached.`]
  if (attachment === undefined)
    return [...first, 'Nothing is attached here. Attach a workspace: runcode connect <workspace>']
  const pass =
    remainingSeconds > 0 ? `good for ${formatDuration(remainingSeconds)}` : 'over; the next command takes a new one'
  return [
    ...first,
    `Workspace   ${attachment.title} (${attachment.workspaceId}) at ${attachment.origin}, profile ${attachment.account}`,
    `Attached    ${attachment.tree}`,
    `Pass        ${pass}`,
    `Connection  ${isMasterUp ? 'open' : 'none; the next command opens one'}`,
    ...(session === undefined ? [] : [`Gateway     ${session.user}@${session.host}:${session.port}`]),
  ]
}

const toJson = ({attachment, named, session, remainingSeconds, isMasterUp}: StatusData) => ({
  attached: attachment !== undefined,
  workspace: attachment === undefined ? null : {id: attachment.workspaceId, title: attachment.title},
  profile: attachment?.account ?? null,
  origin: attachment?.origin ?? null,
  attached_to: attachment?.tree ?? null,
  chosen_by: named !== undefined ? 'environment' : attachment === undefined ? null : 'attachment',
  named: named ?? null,
  session:
    session === undefined
      ? null
      : {
          expires_at: expiresAt(session).toISOString(),
          remaining_seconds: Math.floor(remainingSeconds),
          connection_open: isMasterUp,
          host: session.host,
          port: session.port,
          user: session.user,
          host_keys: session.hostKeys.map(({type, base64}) => `${type} ${base64}`),
          workdir: session.workdir ?? null,
        },
})
