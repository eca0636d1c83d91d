import type {PortSpec} from '../../forward/port-spec.ts'
import {createReverse, type Reverse} from '../../forward/reverse.ts'
import {type OpenPort, openEach} from './open-each.ts'
import {openReverse} from './open-reverse.ts'
import type {Way, WayOptions} from './way.ts'

/** From ports of the workspace to this machine: each through an ssh of its own, so that it is closed by itself. */
export function createReverseWay({ports, connect, tell, fail, onLost}: WayOptions): Way {
  const reverses: Reverse[] = []
  const openOne = async (spec: PortSpec): Promise<OpenPort> => {
    const reverse = createReverse({
      open: (onRefused) => connect((context, session) => openReverse(context, session, spec, onRefused)),
      tell: (event) =>
        tell(event.event === 'refused' ? {event: 'refused', port, reason: event.reason} : {...event, port}),
      fail,
      onLost,
    })
    const port = {...spec, addresses: [], close: reverse.end}
    reverses.push(reverse)
    await reverse.open()
    return port
  }
  return {
    open: () => openEach(ports, openOne, tell),
    look: (hasSlept) => {
      if (hasSlept) for (const reverse of reverses) reverse.renew()
    },
    end: () => {
      for (const reverse of reverses) reverse.end()
    },
  }
}
