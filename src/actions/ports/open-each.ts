import {type ErrorCode, RuncodeError} from '../../core/errors.ts'
import type {PortSpec} from '../../forward/port-spec.ts'
import type {ForwardEvent, ForwardedPort} from './forward-event.ts'

/** A port that is open until it is closed. */
export interface OpenPort extends ForwardedPort {
  close(): void
}

/**
 * Opens ports one after the other, each with its place among those that are open; one that cannot be had is told, and does
 * not keep the others from it. Throws where none can be had.
 */
export async function openEach(
  ports: readonly PortSpec[],
  open: (spec: PortSpec, at: number) => Promise<OpenPort>,
  tell: (event: ForwardEvent) => void,
): Promise<readonly OpenPort[]> {
  const opened: OpenPort[] = []
  const failures: RuncodeError[] = []
  for (const spec of ports) {
    try {
      opened.push(await open(spec, opened.length))
    } catch (error) {
      if (!(error instanceof RuncodeError && OF_ONE_PORT.includes(error.code))) throw error
      failures.push(error)
      if (ports.length > 1) tell({event: 'failed', port: spec, error})
    }
  }
  const [first] = failures
  if (opened.length === 0 && first !== undefined) throw first
  return opened
}

const OF_ONE_PORT: readonly ErrorCode[] = ['port_unavailable', 'reverse_refused']
