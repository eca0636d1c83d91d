import type {Context} from '../actions/context.ts'
import {throwIfInterrupted} from '../core/interrupted.ts'
import {lastWords} from '../network/last-words.ts'
import {listenTo} from '../network/relay.ts'
import type {Reach} from './proxy-words.ts'

/** Carries the bytes between ssh and the gateway, where the connection itself can't be handed over; gives how it ended. */
export async function relay(
  {interrupted}: Context,
  reach: Reach,
  explain: (error: unknown) => string,
): Promise<string> {
  const near = listenTo(process.stdin, process.stdout)
  const controller = new AbortController()
  const end = (): void => controller.abort()
  for (const signal of [near.gone, interrupted]) signal.addEventListener('abort', end)
  try {
    const socket = await reach(controller.signal)
    const broken = await near.relayTo(socket, interrupted)
    return broken === undefined ? 'ended' : `broken: ${broken.message}`
  } catch (error) {
    throwIfInterrupted(controller.signal)
    await near.sayLast(lastWords(explain(error)))
    return 'failed'
  } finally {
    near.release()
  }
}
