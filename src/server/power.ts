import {pause} from '../core/deadline.ts'
import {messageOf} from '../core/errors.ts'
import {judgeStart, judgeStop, type Verdict} from './power-rules.ts'
import type {Runtime} from './runtime/runtime.ts'
import type {Store, StoredWorkspace} from './store/store.ts'

/** Starts and stops workspaces; the state in the store follows what the runtime really does. */
export interface Power {
  /** Judges at once and notes what begins; the work goes on after the return. Throws where it can't be noted. */
  start(workspace: StoredWorkspace): Verdict
  stop(workspace: StoredWorkspace): Verdict
  /** Stops a workspace and deletes it with its files, after what is under way; false where there is none by then. */
  remove(id: number): Promise<boolean>
  /**
   * Takes up what the last run of the server left: what ran or was starting starts, what was stopping stops, what was
   * being removed goes.
   */
  resume(): void
  /** Resolves when no work is under way. */
  settled(): Promise<void>
  /** Ends the processes of every workspace; the store goes on saying what ran, for the next resume. Nothing may be asked after it. */
  end(): Promise<void>
}

/** `disconnect` ends the connections that a workspace has through the gateway, and resolves when they are gone. */
export interface PowerOptions {
  readonly store: Store
  readonly runtime: Runtime
  readonly disconnect: (workspaceId: number) => Promise<void>
  readonly now: () => Date
}

export function createPower({store, runtime, disconnect, now}: PowerOptions): Power {
  /** The work under way, by workspace; none of it rejects. */
  const underWay = new Map<number, Promise<void>>()
  let isOver = false

  const begin = (id: number, work: Promise<void>): void => {
    // Only the store can fail here (a full disk); the state is then taken up by the next wish or start of the server.
    const quiet = work
      .catch(() => undefined)
      .finally(() => {
        if (underWay.get(id) === quiet) underWay.delete(id)
      })
    underWay.set(id, quiet)
  }
  /** Does work that ends in one state, or in the other where it fails. */
  const settle = async (id: number, work: () => Promise<void>, {done, failed}: {done: End; failed: End}) => {
    const failure = await work().then(
      () => undefined,
      (error: unknown) => ({reason: messageOf(error)}),
    )
    if (isOver) return
    const {currentState, event} = failure === undefined ? done : failed
    store.workspaces.setState(id, {interimState: null, currentState})
    store.audit.record(event, {workspace_id: id, ...failure}, now())
  }
  const bringUp = (workspace: StoredWorkspace): void => {
    const {id} = workspace
    store.workspaces.setState(id, {interimState: 'starting', currentState: 'stopped'})
    const work = async (): Promise<void> => {
      // Processes that a server left which died, or a stop which failed, are not part of what starts now.
      await runtime.stop(workspace)
      await runtime.start(workspace)
    }
    begin(id, settle(id, work, {done: STARTED, failed: NOT_STARTED}))
  }
  const takeDown = (workspace: StoredWorkspace): void => {
    const {id} = workspace
    store.workspaces.setState(id, {interimState: 'stopping', currentState: 'running'})
    store.keys.dropAll(id)
    const work = async (): Promise<void> => {
      await disconnect(id)
      await runtime.stop(workspace)
    }
    begin(id, settle(id, work, {done: STOPPED, failed: NOT_STOPPED}))
  }
  const erase = async (workspace: StoredWorkspace): Promise<void> => {
    const {id, title} = workspace
    store.workspaces.setBeingRemoved(id)
    store.keys.dropAll(id)
    await disconnect(id)
    try {
      await runtime.remove(workspace)
    } catch (error) {
      await settle(id, () => Promise.reject(error), {done: STOPPED, failed: NOT_REMOVED})
      throw error
    }
    store.workspaces.delete(id)
    store.audit.record('workspace_removed', {workspace_id: id, title}, now())
  }
  const settled = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay.values())
  }

  return {
    start(workspace) {
      const verdict = judgeStart(workspace, underWay.has(workspace.id))
      if (verdict.outcome === 'begins') bringUp(workspace)
      return verdict
    },
    stop(workspace) {
      const verdict = judgeStop(workspace, underWay.has(workspace.id))
      if (verdict.outcome === 'begins') takeDown(workspace)
      return verdict
    },
    async remove(id) {
      while (underWay.has(id)) await underWay.get(id)
      const workspace = store.workspaces.get(id)
      if (workspace === undefined) return false
      const erased = erase(workspace)
      begin(id, erased)
      await erased
      return true
    },
    resume() {
      for (const workspace of store.workspaces.list()) {
        const {id, interimState, currentState, isBeingRemoved} = workspace
        if (isBeingRemoved) begin(id, erase(workspace))
        else if (interimState === 'stopping') takeDown(workspace)
        else if (interimState === 'starting' || currentState === 'running') bringUp(workspace)
      }
    },
    settled,
    async end() {
      await atMost(END_LIMIT_MS, settled())
      isOver = true
      const stopped = await Promise.allSettled(store.workspaces.list().map((workspace) => runtime.stop(workspace)))
      for (const result of stopped)
        if (result.status === 'rejected')
          store.audit.record('workspace_stop_failed', {reason: messageOf(result.reason)}, now())
    },
  }
}

interface End {
  readonly currentState: StoredWorkspace['currentState']
  readonly event: string
}

const STARTED: End = {currentState: 'running', event: 'workspace_started'}
const NOT_STARTED: End = {currentState: 'stopped', event: 'workspace_start_failed'}
const STOPPED: End = {currentState: 'stopped', event: 'workspace_stopped'}
const NOT_STOPPED: End = {currentState: 'running', event: 'workspace_stop_failed'}
const NOT_REMOVED: End = {currentState: 'stopped', event: 'workspace_remove_failed'}

/** Work that a runtime does not finish in this time is left to the next start of the server. */
const END_LIMIT_MS = 10_000

/** Waits for a promise, but not for longer than `ms`. */
export async function atMost(ms: number, promise: Promise<void>): Promise<void> {
  const limit = new AbortController()
  await Promise.race([promise, pause(ms, limit.signal)])
  limit.abort()
}
