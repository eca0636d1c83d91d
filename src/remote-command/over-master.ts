import {throwIfInterrupted} from '../core/interrupted.ts'
import {randomHex} from '../core/random-hex.ts'
import {isPrivateSocket} from '../openssh/control-socket.ts'
import {stopMaster} from '../openssh/master.ts'
import {SessionChannel} from '../openssh/session-channel.ts'
import {deliver} from './carrier.ts'
import {openSource, type Source} from './input.ts'
import type {ClientEnd, ClientRun} from './ssh-client.ts'
import {wrapCommand} from './wrapper.ts'

/**
 * Runs a task over the master behind a control socket, once, and starts no program for it. Undefined where there is none
 * that takes it: then nothing was run. For a task without a terminal.
 */
export async function runOverMaster(controlPath: string, run: ClientRun): Promise<ClientEnd | undefined> {
  const nonce = randomHex(16)
  const line = wrapCommand(run.task, nonce)
  const channel = (await isPrivateSocket(controlPath)) ? await SessionChannel.open(controlPath) : 'none'
  // Its connection is most likely dead; who comes next need not wait for that.
  if (channel === 'silent') await stopMaster(controlPath, {now: false})
  if (channel === 'none' || channel === 'silent') return undefined
  let source: Source | undefined
  try {
    throwIfInterrupted(run.interrupted)
    let isRefused = false
    void channel.exec(line).then((answer) => {
      isRefused = answer === false
      if (isRefused) channel.kill()
    })
    source = openSource(run)
    void feed(channel, source)
    const {stdout, stderr, ending} = channel
    const carrier = {stdout, stderr, gone: ending, ending, kill: () => channel.kill(), cut: () => undefined}
    const delivery = await deliver(carrier, {...run, nonce})
    return isRefused && !delivery.status.hasBegun ? undefined : {...delivery, said: ''}
  } finally {
    source?.close()
    channel.kill()
  }
}

const feed = async (channel: SessionChannel, {bytes}: Source): Promise<void> => {
  try {
    for await (const chunk of bytes) if (!(await channel.write(chunk))) return
  } catch {
    // We closed it, or there is nothing to be read: the end of it, as for ssh.
  }
  channel.end()
}
