import type {PortSpec} from '../../forward/port-spec.ts'
import type {Session} from '../../session/session.ts'
import type {Context} from '../context.ts'
import type {ForwardEvent} from './forward-event.ts'
import type {OpenPort} from './open-each.ts'

/** What forwards ports in one of the two directions. */
export interface Way {
  /** Opens the ports. Throws where none can be had, and where the workspace cannot be reached. */
  open(): Promise<readonly OpenPort[]>
  /** To be called every second; `hasSlept`: the machine, or we, stood still. */
  look(hasSlept: boolean): void
  /** Ends all. */
  end(): void
}

export interface WayOptions {
  readonly ports: readonly PortSpec[]
  /** Starts something by a good pass, which is taken where there is none. */
  readonly connect: <T>(start: (context: Context, session: Session) => Promise<T>) => Promise<T>
  readonly tell: (event: ForwardEvent) => void
  /** Hears once why nothing will be carried any more. */
  readonly fail: (error: unknown) => void
  /** Hears that ssh ended without our wish. */
  readonly onLost: () => void
}
