import type {Context} from '../actions/context.ts'
import {throwIfInterrupted} from '../core/interrupted.ts'
import type {Reach} from './proxy-path.ts'

/**
 * Gives the connection itself to the ssh that waits for it (ProxyUseFdpass of ssh_config(5)): Node sends a socket over
 * its channel as ssh wants it, SCM_RIGHTS of unix(7). No byte goes through us, and nothing of us stays.
 */
export async function carry({interrupted}: Context, reach: Reach): Promise<string> {
  const controller = new AbortController()
  const end = (): void => controller.abort()
  // The other end of the channel is ssh's.
  process.once('disconnect', end)
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
    process.off('disconnect', end)
    interrupted.removeEventListener('abort', end)
    if (process.connected) process.disconnect()
  }
}
