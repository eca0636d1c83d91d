import {pause} from '../core/deadline.ts'
import {RuncodeError} from '../core/errors.ts'
import type {Forwarder} from '../openssh/forwarder.ts'
import {createRefusals} from './refusals.ts'
import {createRetries} from './retry.ts'
import {SETTLE_MS, type TunnelEvent} from './tunnel.ts'

export interface ReverseOptions {
  /** Takes a pass where there is none, connects, and listens. `onRefused` is to hear what nothing here took. */
  readonly open: (onRefused: (reason: string) => void) => Promise<Forwarder>
  readonly tell: (event: TunnelEvent) => void
  /** Hears once why the port will not be open any more. */
  readonly fail: (error: unknown) => void
  /** Hears that ssh ended without our wish, before another is tried. */
  readonly onLost: () => void
}

/** A port of the workspace that leads here, kept open by one ssh after the other: nobody here could wait for it. */
export interface Reverse {
  /** Opens it. Throws what keeps us from it. */
  open(): Promise<void>
  /** To be called when the machine has slept: its line may be dead and not known to be. */
  renew(): void
  end(): void
}

/** A network that is away for an hour is not to cost much, and one that is back is to be had soon. */
const LONGEST_PAUSE_MS = 15_000

export function createReverse({open, tell, fail, onLost}: ReverseOptions): Reverse {
  const ended = new AbortController()
  const retries = createRetries(LONGEST_PAUSE_MS)
  const refusals = createRefusals((at, reason) => tell({event: 'refused', at, reason}))
  let current: Forwarder | undefined

  const connect = async (): Promise<Forwarder> => {
    const forwarder = await open((reason) => refusals.tell(0, reason))
    if (ended.signal.aborted) forwarder.end()
    current = forwarder
    return forwarder
  }
  /** Undefined where it is over. */
  const reconnect = async (): Promise<Forwarder | undefined> => {
    for (;;) {
      await pause(retries.pauseMs(), ended.signal)
      if (ended.signal.aborted) return undefined
      try {
        return await connect()
      } catch (error) {
        const mayPass = retries.note(error)
        // The gateway may hold the port for a line of ours that is dead, until it notices.
        const isHeld = error instanceof RuncodeError && error.code === 'reverse_refused'
        if (mayPass || isHeld || ended.signal.aborted) continue
        fail(error)
        return undefined
      }
    }
  }
  const keep = async (first: Forwarder): Promise<void> => {
    for (let forwarder: Forwarder | undefined = first; forwarder !== undefined; ) {
      const beganMs = performance.now()
      const reason = await forwarder.gone
      await pause(SETTLE_MS, ended.signal)
      if (ended.signal.aborted) return
      tell({event: 'lost', reason: reason ?? 'ssh ended without a word', said: forwarder.said()})
      // One that ends as soon as it is there is no better than one that does not come.
      if (performance.now() - beganMs >= LONGEST_PAUSE_MS) retries.reset()
      else retries.note(undefined)
      onLost()
      forwarder = await reconnect()
      if (forwarder !== undefined && !ended.signal.aborted) tell({event: 'restored'})
    }
  }
  return {
    open: async () => {
      void keep(await connect())
    },
    renew: () => current?.end(),
    end: () => {
      ended.abort()
      current?.end()
    },
  }
}
