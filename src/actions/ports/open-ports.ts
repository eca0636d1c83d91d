import {closeSync, openSync} from 'node:fs'
import type {Socket} from 'node:net'
import {devNull} from 'node:os'
import {openLocalPort} from '../../forward/local-port.ts'
import type {PortSpec} from '../../forward/port-spec.ts'
import {troubleText} from '../../forward/refusals.ts'
import type {ForwardEvent} from './forward-event.ts'
import {type OpenPort, openEach} from './open-each.ts'

/**
 * Opens these ports of this machine, one after the other; one that cannot be had does not keep the others from it. A
 * connection comes with the place of its port among those that are open. Throws where none can be had.
 */
export async function openPorts(
  ports: readonly PortSpec[],
  addresses: readonly string[],
  carry: (client: Socket, at: number) => void,
  tell: (event: ForwardEvent) => void,
): Promise<readonly OpenPort[]> {
  const open: OpenPort[] = []
  const openOne = async (spec: PortSpec, at: number): Promise<OpenPort> => {
    const onTrouble = (error: Error): void => {
      const port = open[at]
      if (port !== undefined) tell({event: 'refused', port, reason: troubleText(error)})
    }
    const isLast = lastOnes()
    const onConnection = (client: Socket): void => {
      const trouble = isLast()
      if (trouble !== undefined) onTrouble(trouble)
      carry(client, at)
    }
    const local = await openLocalPort(spec, addresses, {onConnection, onTrouble})
    const port = {...spec, local: local.port, addresses: local.addresses, close: local.close}
    open.push(port)
    return port
  }
  return openEach(ports, openOne, tell)
}

/**
 * Tells once why there will be no further connection: this one and its other end take the last descriptors. Node drops what
 * comes then without a word.
 */
const lastOnes = (): (() => Error | undefined) => {
  let wasTold = false
  return () => {
    const trouble = troubleWithTwo()
    const isNew = trouble !== undefined && !wasTold
    wasTold = trouble !== undefined
    return isNew ? trouble : undefined
  }
}

const troubleWithTwo = (): Error | undefined => {
  const open: number[] = []
  try {
    for (const _ of [1, 2]) open.push(openSync(devNull, 'r'))
    return undefined
  } catch (error) {
    return error as Error
  } finally {
    for (const one of open) closeSync(one)
  }
}
