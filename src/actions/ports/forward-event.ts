import type {RuncodeError} from '../../core/errors.ts'
import type {PortSpec} from '../../forward/port-spec.ts'
import type {CloseReason} from '../../forward/records.ts'
import type {Session} from '../../session/session.ts'
import type {ChosenWorkspace} from '../choose-workspace.ts'

/** A port that is open here, with its real number. */
export interface ForwardedPort extends PortSpec {
  /** Of this machine, on which it is open. */
  readonly addresses: readonly string[]
}

/** Why ports are not forwarded any more. */
export type ForwardEnd = CloseReason | 'interrupted' | 'parent_gone' | 'time_over' | 'failed'

/** What happens to a port. */
export type ForwardEvent =
  | {readonly event: 'ready'; readonly port: ForwardedPort; readonly session: Session; readonly chosen: ChosenWorkspace}
  /** This one cannot be had; the others go on. */
  | {readonly event: 'failed'; readonly port: PortSpec; readonly error: RuncodeError}
  /** New connections wait. */
  | {
      readonly event: 'lost'
      readonly port: ForwardedPort
      readonly reason: string
      /** What ssh said, as it came. */
      readonly said: string | undefined
    }
  | {readonly event: 'restored'; readonly port: ForwardedPort}
  /** The workspace, or this machine, took no connection for it. */
  | {readonly event: 'refused'; readonly port: ForwardedPort; readonly reason: string}
  | {readonly event: 'closed'; readonly port: ForwardedPort; readonly reason: ForwardEnd}
