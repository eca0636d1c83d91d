import type {Context} from '../actions/context.ts'
import {throwIfInterrupted} from '../core/interrupted.ts'
import type {Reach} from './proxy-connect.ts'

/**
 * Gives the connection itself to the ssh that waits for it (ProxyUseFdpass of ssh_config(5)): Node sends a socket over
 * its channel as ssh wants it, SCM_RIGHTS of unix(7). No byte goes through us, and nothing of us stays.
 */
export async function handOver({interrupted}: Context, reach: Reach): Promise<string> {
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
    await new Promise<void>((resolve, reject) => {
      process.send?.('', socket, {keepOpen: true}, (error) => (error === null ? resolve() : reject(error)))
    })
    socket.destroy()
    return 'handed over'
  } catch (error) {
    throwIfInterrupted(controller.signal)
    throw error
  } finally {
    stdin.destroy()
    interrupted.removeEventListener('abort', end)
    if (process.connected) process.disconnect()
  }
}
