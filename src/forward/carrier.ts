import type {Socket} from 'node:net'
import {pause} from '../core/deadline.ts'
import type {Forwarder} from '../openssh/forwarder.ts'
import {type Entrance, enter} from './entrance.ts'
import {type Relayed, relay} from './relay.ts'

/** An ssh that connections go through. */
export interface Carrier {
  /** Whether one more connection may begin here. */
  readonly isOpen: () => boolean
  /** When the last connection was there; undefined while one is. Milliseconds of the monotonic clock. */
  readonly idleSinceMs: () => number | undefined
  /** Carries a connection to the target of one entrance until it ends; undefined where this ssh does not take it. */
  carry(client: Socket, at: number): Promise<Relayed | undefined>
  /** Takes no more connections, and ends with the last of those it has. */
  retire(): void
  /** Ends, with all that it carries. */
  end(): void
  /** Resolves with the last words of ssh where it ended without our wish, undefined where we ended it. */
  readonly gone: Promise<{readonly reason: string | undefined; readonly said: string} | undefined>
}

/**
 * Connections that one ssh carries. Gateways count channels: ours takes 128 on a connection. One more goes through another
 * ssh.
 */
const MAX_CONNECTIONS = 100
/** A socket that ssh held ends a moment before ssh is known to have ended. */
const DOUBT_MS = 20

export function createCarrier(forwarder: Forwarder, entrances: readonly Entrance[]): Carrier {
  let connections = 0
  let idleSinceMs = performance.now()
  let isRetired = false
  let isEnded = false
  const end = (): void => {
    isEnded = true
    forwarder.end()
  }
  const isOpen = (): boolean => !isRetired && !isEnded && !forwarder.isGone()
  const isWhole = async (): Promise<boolean> => {
    await pause(DOUBT_MS, NEVER)
    return !forwarder.isGone()
  }
  return {
    isOpen: () => isOpen() && connections < MAX_CONNECTIONS,
    idleSinceMs: () => (connections === 0 ? idleSinceMs : undefined),
    carry: async (client, at) => {
      connections += 1
      try {
        const entrance = entrances[at]
        const far = entrance === undefined ? undefined : await enter(entrance)
        return far === undefined ? undefined : await relay(client, far, isWhole)
      } finally {
        connections -= 1
        idleSinceMs = performance.now()
        if (isRetired && connections === 0) end()
      }
    },
    retire: () => {
      isRetired = true
      if (connections === 0) end()
    },
    end,
    gone: forwarder.gone.then((reason) => (isEnded ? undefined : {reason, said: forwarder.said()})),
  }
}

const NEVER = new AbortController().signal
