import {RuncodeError} from '../../core/errors.ts'
import {throwIfInterrupted} from '../../core/interrupted.ts'
import {watchParent} from '../../core/process-identity.ts'
import type {PortSpec} from '../../forward/port-spec.ts'
import type {Session} from '../../session/session.ts'
import {type Naming, withWorkspace} from '../choose-workspace.ts'
import {type Context, within} from '../context.ts'
import {connectByPass} from './connect-by-pass.ts'
import type {ForwardEnd, ForwardEvent} from './forward-event.ts'
import {createForwardWay} from './forward-way.ts'
import type {OpenPort} from './open-each.ts'
import {createReverseWay} from './reverse-way.ts'
import {isStopped, WorkspaceStoppedError} from './still-there.ts'
import {watchPorts} from './watch-ports.ts'
import type {WayOptions} from './way.ts'

/** How long a connection waits for ssh; those who connect wait longer. */
export const WAIT_MS = 15_000
/** After so long without a connection ssh is ended: it may be what keeps a workspace awake. */
export const IDLE_MS = 600_000

export interface ForwardInput extends Naming {
  readonly ports: readonly PortSpec[]
  /** All of them are ports of the workspace that are to lead here. */
  readonly isReverse: boolean
  /** Of this machine, to listen on. */
  readonly addresses: readonly string[]
  /** The longest that ports are forwarded. */
  readonly limitSeconds: number | undefined
  /** Goes on when the process that started us is gone. */
  readonly isBackground: boolean
  readonly waitMs: number
  readonly idleMs: number
  readonly tell: (event: ForwardEvent) => void
}

/** How it ended, with the failure where it failed. */
interface End {
  readonly reason: ForwardEnd
  readonly error?: unknown
}

/**
 * Forwards ports of this machine to the chosen workspace, or its ports to this machine, until it is told to end, and gives what ended it. Throws where no
 * port can be had, where the workspace cannot be reached in the beginning, and where no try will reach it any more.
 */
export function forwardPorts(context: Context, input: ForwardInput): Promise<ForwardEnd> {
  const isOrphan = watchParent()
  return withWorkspace(context, input, async (chosen) => {
    const {ports, addresses, isReverse, limitSeconds, isBackground, waitMs, idleMs, tell} = input
    const {ended, settle} = settling<End>()
    /** The latest, once there is one. */
    const sessions: Session[] = []
    const fail = (error: unknown): void => settle({reason: 'failed', error: meaningOf(error, sessions[0])})
    const connect: WayOptions['connect'] = (start) =>
      within(context, async (here) => {
        const connected = await connectByPass(here, chosen, sessions[0], (session) => start(here, session))
        sessions[0] = connected.session
        return connected.connection
      })
    const onLost = async (): Promise<void> => {
      const [session] = sessions
      if (session !== undefined && (await within(context, (here) => isStopped(here, session))))
        fail(new WorkspaceStoppedError(session))
    }
    const left = new Set<PortSpec>()
    const tellLeft = (event: ForwardEvent): void => {
      if (left.has(event.port) || !OF_OPEN_ONES.includes(event.event)) tell(event)
    }
    const options = {ports, connect, tell: tellLeft, fail, onLost}
    const way = isReverse ? createReverseWay(options) : createForwardWay({...options, addresses, waitMs, idleMs})
    try {
      const open = await way.open()
      throwIfInterrupted(context.interrupted)
      const session = sessions[0] as Session
      for (const port of open) left.add(port)
      const close = (port: OpenPort, reason: ForwardEnd): void => {
        port.close()
        left.delete(port)
        tell({event: 'closed', port, reason})
        if (left.size === 0) settle({reason})
      }
      const onEnd = (reason: ForwardEnd): void => settle({reason})
      context.interrupted.addEventListener('abort', () => onEnd('interrupted'))
      const watch = {ports: open, session, limitSeconds, isBackground, isOrphan, onClose: close, onEnd}
      const stopWatching = await watchPorts(context, {...watch, look: way.look})
      for (const port of open) tell({event: 'ready', port, session, chosen})
      const {reason, error} = await ended
      await stopWatching()
      for (const port of open) if (left.has(port)) close(port, reason)
      if (error !== undefined) throw error
      if (reason === 'stopped') throw new WorkspaceStoppedError(session)
      return reason
    } finally {
      way.end()
    }
  })
}

/** A promise with what settles it. */
const settling = <T>(): {readonly ended: Promise<T>; readonly settle: (value: T) => void} => {
  let settle: (value: T) => void = () => undefined
  const ended = new Promise<T>((resolve) => {
    settle = resolve
  })
  return {ended, settle}
}

/** A control plane refuses a pass for a workspace that does not run. */
const meaningOf = (error: unknown, session: Session | undefined): unknown =>
  error instanceof RuncodeError && error.code === 'conflict' && session !== undefined
    ? new WorkspaceStoppedError(session)
    : error

/** Nobody is told of a loss before a port is ready, or when it was closed. */
const OF_OPEN_ONES: readonly ForwardEvent['event'][] = ['lost', 'restored']
