import type {Socket} from 'node:net'
import {constants} from 'node:os'
import type {ServerChannel} from 'ssh2'
import {printable} from '../../core/printable.ts'
import type {Ending} from '../../core/process.ts'
import type {RuntimeProcess} from '../runtime/runtime.ts'
import {createChannelOutput} from './channel-output.ts'
import {sshNameOf} from './session-requests.ts'

/**
 * Ties a process to a session channel: stdin, stdout and stderr byte for byte, then how it ended, then EOF and close.
 * Resolves when that is sent; it never does where the channel closes first, which is for the caller to watch.
 */
export async function runOnChannel(channel: ServerChannel, child: RuntimeProcess, connection: Socket): Promise<void> {
  const discardInput = (): void => {
    channel.unpipe()
    channel.resume()
  }
  channel.on('error', () => undefined)
  channel.stderr.on('error', () => undefined)
  child.stdin.on('error', discardInput)
  channel.pipe(child.stdin)
  const output = createChannelOutput(channel, connection)
  await Promise.all([output.stdout(child.stdout), output.stderr(child.stderr)])
  const ending = await child.ended
  discardInput()
  if (ending.kind === 'unstartable') channel.stderr.write(`runcode: ${printable(ending.cause.message)}\n`)
  sendEnding(channel, ending)
  channel.end()
}

/** RFC 4254 section 6.10. A command that never ran has no status: ssh then gives 255, its own failure. */
const sendEnding = (channel: ServerChannel, ending: Ending): void => {
  if (ending.kind === 'exited') channel.exit(ending.code)
  if (ending.kind !== 'signalled') return
  const name = sshNameOf(ending.signal)
  if (name === undefined) channel.exit(128 + constants.signals[ending.signal])
  else channel.exit(name, false, '')
}
