import type {Socket} from 'node:net'
import type {Context} from '../actions/context.ts'
import {throwIfInterrupted} from '../core/interrupted.ts'
import {lastWords, saying} from '../network/last-words.ts'
import type {Reach} from './proxy-words.ts'

/**
 * Gives the connection itself to the ssh that waits for it (ProxyUseFdpass of ssh_config(5)): Node sends a socket over
 * its channel as ssh wants it, SCM_RIGHTS of unix(7). No byte goes through us, and nothing of us stays. Where there is
 * none, ssh gets one by which it ends with the line that `explain` gives.
 */
export async function handOver(
  {interrupted, env}: Context,
  reach: Reach,
  explain: (error: unknown) => string,
): Promise<string> {
  const controller = new AbortController()
  const end = (): void => controller.abort()
  // ssh says nothing on its socket, so that only its end is read there. Node's own 'disconnect' may be over by now.
  const {stdin} = process
  for (const event of ['end', 'close', 'error']) stdin.on(event, end)
  stdin.resume()
  interrupted.addEventListener('abort', end)
  try {
    const socket = await reach(controller.signal)
    throwIfInterrupted(controller.signal)
    await give(socket)
    return 'handed over'
  } catch (error) {
    throwIfInterrupted(controller.signal)
    // Where this fails too, ssh ends with words of its own.
    await saying(lastWords(explain(error)), env)
      .then(give)
      .catch(() => undefined)
    return 'failed'
  } finally {
    stdin.destroy()
    interrupted.removeEventListener('abort', end)
    if (process.connected) process.disconnect()
  }
}

const give = async (socket: Socket): Promise<void> => {
  await new Promise<void>((resolve, reject) => {
    process.send?.('', socket, {keepOpen: true}, (error) => (error === null ? resolve() : reject(error)))
  })
  socket.destroy()
}
