import type {Deadline} from '../core/deadline.ts'
import type {ConnectionBundle} from '../workspace/connection-bundle.ts'
import type {Streams} from '../workspace/streams.ts'
import type {Workspace, WorkspaceId} from '../workspace/workspace.ts'

/** A control plane, whatever it speaks. A call waits and asks again only where told to; every failure is a RuncodeError. */
export interface ControlPlane {
  /** Every workspace that the account can see, own ones first, sorted by id. */
  listWorkspaces(deadline: Deadline): Promise<readonly Workspace[]>
  /** Asks for a start and does not wait for it. Starting what runs is fine. */
  startWorkspace(id: WorkspaceId, deadline: Deadline): Promise<void>
  /** Asks for a stop and does not wait for it. */
  stopWorkspace(id: WorkspaceId, deadline: Deadline): Promise<void>
  /** Registers a public key (one line) for one workspace and gives the way there. */
  mint(request: MintRequest, deadline: Deadline): Promise<MintAnswer>
}

export interface MintRequest {
  readonly id: WorkspaceId
  readonly publicKey: string
  readonly ttlSeconds: number
}

export interface MintAnswer {
  readonly bundle: ConnectionBundle
  /** The control plane's own clock when it answered; undefined where it did not say. */
  readonly date: Date | undefined
  readonly streams: Streams
}
