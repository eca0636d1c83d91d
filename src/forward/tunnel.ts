import type {Socket} from 'node:net'
import {pause} from '../core/deadline.ts'
import {messageOf, RuncodeError} from '../core/errors.ts'
import type {Carrier} from './carrier.ts'
import {createRefusals, troubleText} from './refusals.ts'
import {createRetries} from './retry.ts'

/** What may be told of a tunnel while it is there. */
export type TunnelEvent =
  /** What carried connections has ended without our wish, or cannot be had; with all that ssh said, as it came. */
  | {readonly event: 'lost'; readonly reason: string; readonly said: string | undefined}
  | {readonly event: 'restored'}
  /** The far side took no connection to the target at this place. */
  | {readonly event: 'refused'; readonly at: number; readonly reason: string}

export interface TunnelOptions {
  /** Takes a pass where there is none, and connects. `onRefused` is to hear what the far side did not connect. */
  readonly open: (onRefused: (reason: string) => void) => Promise<Carrier>
  readonly tell: (event: TunnelEvent) => void
  /** Hears once why no connection will be carried any more. */
  readonly fail: (error: unknown) => void
  /** Hears that ssh ended without our wish; nobody may be waiting for another one. */
  readonly onLost: () => void
  /** How long a connection waits for ssh. */
  readonly waitMs: number
  /** After so long without a connection ssh is ended. */
  readonly idleMs: number
}

/**
 * The way of connections to the workspace: an ssh for as long as there are some, another where that ended, none where
 * nobody connects. Only a connection that waits lets one be started.
 */
export interface Tunnel {
  /** Starts ssh once, before anybody waits for it. Throws what keeps us from it. */
  open(): Promise<void>
  /** Carries a connection to the target at this place, as soon as there is an ssh; it is closed where none comes in time. */
  carry(client: Socket, at: number): void
  /** To be called every second; `hasSlept`: the machine, or we, stood still, so that new connections need a new ssh. */
  look(hasSlept: boolean): void
  /** Ends all. */
  end(): void
}

/** A connection that waits. */
interface Waiting {
  readonly client: Socket
  readonly at: number
  readonly untilMs: number
  readonly timer: NodeJS.Timeout
}

/** Less than a connection waits, so that each sees one try at least. */
const LONGEST_PAUSE_MS = 6400
/** Ctrl-C ends ssh as well, a moment before we hear of it. */
export const SETTLE_MS = 50

export function createTunnel({open, tell, fail, onLost, waitMs, idleMs}: TunnelOptions): Tunnel {
  const carriers = new Set<Carrier>()
  const waiting = new Set<Waiting>()
  const ended = new AbortController()
  const retries = createRetries(LONGEST_PAUSE_MS)
  const refusals = createRefusals((at, reason) => tell({event: 'refused', at, reason}))
  let isOpening = false
  let isLost = false

  const usable = (): Carrier | undefined => [...carriers].find((carrier) => carrier.isOpen())

  const lose = (reason: string, said: string | undefined): void => {
    if (!isLost) tell({event: 'lost', reason, said})
    isLost = true
  }

  const end = (): void => {
    ended.abort()
    for (const {client, timer} of waiting) {
      clearTimeout(timer)
      client.destroy()
    }
    waiting.clear()
    for (const carrier of carriers) carrier.end()
  }

  const connect = async (): Promise<void> => {
    const carrier = await open(refusals.note)
    if (ended.signal.aborted) return carrier.end()
    for (const old of carriers) old.retire()
    carriers.add(carrier)
    retries.reset()
    if (isLost) tell({event: 'restored'})
    isLost = false
    void watch(carrier)
  }

  const watch = async (carrier: Carrier): Promise<void> => {
    const end = await carrier.gone
    carriers.delete(carrier)
    await pause(SETTLE_MS, ended.signal)
    if (end === undefined || ended.signal.aborted || usable() !== undefined) return
    lose(end.reason ?? 'ssh ended without a word', end.said)
    onLost()
  }

  const connectAwaited = async (): Promise<void> => {
    isOpening = true
    try {
      await pause(retries.pauseMs(), ended.signal)
      // Whoever waited may have been sent away.
      if (waiting.size > 0 && !ended.signal.aborted) await connect()
    } catch (error) {
      if (ended.signal.aborted) return
      const said = error instanceof RuncodeError ? error.said : undefined
      if (retries.note(error)) return lose(messageOf(error), said)
      end()
      fail(error)
    } finally {
      isOpening = false
      serve()
    }
  }

  const serve = (): void => {
    for (const one of waiting) {
      const carrier = usable()
      if (carrier === undefined) break
      waiting.delete(one)
      clearTimeout(one.timer)
      void join(one, carrier)
    }
    if (waiting.size > 0 && !isOpening && !ended.signal.aborted) void connectAwaited()
  }

  const join = async ({client, at, untilMs}: Waiting, carrier: Carrier): Promise<void> => {
    try {
      const relayed = await carrier.carry(client, at)
      if (relayed?.wasAnswered === false) refusals.noteUnanswered(at)
      if (relayed !== undefined) return
      // ssh is ending, or nobody can get to what it listens on.
      carrier.retire()
      admit(client, at, untilMs)
    } catch (error) {
      client.resetAndDestroy()
      refusals.tell(at, troubleText(error))
    }
  }

  const admit = (client: Socket, at: number, untilMs: number): void => {
    const giveUp = (): void => {
      waiting.delete(one)
      client.destroy()
    }
    const timer = setTimeout(giveUp, untilMs - performance.now())
    const one: Waiting = {client, at, untilMs, timer}
    waiting.add(one)
    serve()
  }

  return {
    open: async () => {
      isOpening = true
      try {
        await connect()
      } finally {
        isOpening = false
        serve()
      }
    },
    carry: (client, at) => {
      client.on('error', () => undefined)
      if (ended.signal.aborted) client.destroy()
      else admit(client, at, performance.now() + waitMs)
    },
    look: (hasSlept) => {
      for (const carrier of carriers) {
        const idleSinceMs = carrier.idleSinceMs()
        if (hasSlept) carrier.retire()
        else if (idleSinceMs !== undefined && performance.now() - idleSinceMs >= idleMs) carrier.end()
      }
      if (hasSlept) retries.hurry()
    },
    end,
  }
}
