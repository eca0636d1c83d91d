import {createTunnel, type TunnelEvent, type TunnelOptions} from '../../forward/tunnel.ts'
import {openCarrier} from './open-carrier.ts'
import type {OpenPort} from './open-each.ts'
import {openPorts} from './open-ports.ts'
import type {Way, WayOptions} from './way.ts'

export interface ForwardWayOptions extends WayOptions, Pick<TunnelOptions, 'waitMs' | 'idleMs'> {
  /** Of this machine, to listen on. */
  readonly addresses: readonly string[]
}

/** From ports of this machine to the workspace: all of them through one tunnel. */
export function createForwardWay({ports, addresses, connect, tell, ...options}: ForwardWayOptions): Way {
  let open: readonly OpenPort[] = []
  const tellOf = (event: TunnelEvent): void => {
    const port = event.event === 'refused' ? open[event.at] : undefined
    if (event.event !== 'refused') for (const one of open) tell({...event, port: one})
    else if (port !== undefined) tell({event: 'refused', port, reason: event.reason})
  }
  const tunnel = createTunnel({
    ...options,
    open: (onRefused) => connect((context, session) => openCarrier(context, session, open, onRefused)),
    tell: tellOf,
  })
  return {
    open: async () => {
      open = await openPorts(ports, addresses, tunnel.carry, tell)
      await tunnel.open()
      return open
    },
    look: tunnel.look,
    end: () => {
      for (const port of open) port.close()
      tunnel.end()
    },
  }
}
