import {parseHttpsBase} from '../network/https-url.ts'
import type {Way} from '../network/request-json.ts'
import type {ControlPlane} from './control-plane.ts'
import {runcodeControlPlane} from './runcode/runcode-control-plane.ts'

export interface ControlPlaneAddress {
  readonly provider: 'runcode'
  readonly apiBase: string
  readonly trust: Way
  /** The token bound to an origin; asked for only after the address was found to be https. */
  readonly token: () => Promise<string>
  /** What to do where the token is refused. */
  readonly loginHint: string
  /** Hears, in one line, what takes time. */
  readonly say: (message: string) => void
}

/** The adapter for a control plane. Throws InsecureBaseError before anything else happens. */
export function openControlPlane({provider, apiBase, trust, token, loginHint, say}: ControlPlaneAddress): ControlPlane {
  const base = parseHttpsBase(apiBase, 'The address of the control plane')
  switch (provider) {
    case 'runcode':
      return runcodeControlPlane({base, trust, token, loginHint, say})
  }
}
