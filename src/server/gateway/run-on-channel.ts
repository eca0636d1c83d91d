import type {Socket} from 'node:net'
import {constants} from 'node:os'
import type {ServerChannel} from 'ssh2'
import {printable} from '../../core/printable.ts'
import type {Ending} from '../../core/process.ts'
import type {RuntimeProcess} from '../runtime/runtime.ts'
import {createChannelOutput} from './channel-output.ts'
import {sshNameOf} from './session-requests.ts'

export interface ChannelRunOptions {
  readonly connection: Socket
  /** Resolves when the client has taken in all that was sent until now. */
  readonly untilClientHasAll: () => Promise<void>
}

/** A process that is tied to a channel. */
export interface ChannelRun {
  /** Resolves when all is sent; it never does where the connection closes first, which is for the caller to watch. */
  readonly sent: Promise<void>
  /** The client wants no more of stdout: the process sees a closed pipe. */
  dropStdout(): void
  /** The client has closed the channel: no output is sent any more; how the process ends still is. */
  dropOutput(): void
}

/** Ties a process to a session channel: stdin, stdout and stderr byte for byte, then how it ended, then EOF and close. */
export function runOnChannel(
  channel: ServerChannel,
  child: RuntimeProcess,
  {connection, untilClientHasAll}: ChannelRunOptions,
): ChannelRun {
  const output = createChannelOutput(channel, connection)
  let listensTo: 'all' | 'stderr' | 'ending' = 'all'
  const discardInput = (): void => {
    channel.unpipe()
    channel.resume()
  }
  channel.on('error', () => undefined)
  channel.stderr.on('error', () => undefined)
  child.stdin.on('error', discardInput)
  channel.pipe(child.stdin)
  const send = async (): Promise<void> => {
    await Promise.all([output.stdout(child.stdout), output.stderr(child.stderr)])
    const ending = await child.ended
    discardInput()
    if (ending.kind === 'unstartable') channel.stderr.write(`runcode: ${printable(ending.cause.message)}\n`)
    // OpenSSH's client forgets what it has not written of stderr at a close that comes after the end of its own stdout.
    if (listensTo === 'stderr') await untilClientHasAll()
    sendEnding(channel, ending)
    // An end would wait for the output that was dropped.
    if (listensTo === 'ending') channel.close()
    else channel.end()
  }
  return {
    sent: send(),
    dropStdout: () => {
      if (listensTo === 'all') listensTo = 'stderr'
      child.stdout.destroy()
    },
    dropOutput: () => {
      listensTo = 'ending'
      output.drop()
    },
  }
}

/** RFC 4254 section 6.10. A command that never ran has no status: ssh then gives 255, its own failure. */
const sendEnding = (channel: ServerChannel, ending: Ending): void => {
  if (ending.kind === 'exited') channel.exit(ending.code)
  if (ending.kind !== 'signalled') return
  const name = sshNameOf(ending.signal)
  if (name === undefined) channel.exit(128 + constants.signals[ending.signal])
  else channel.exit(name, false, '')
}
