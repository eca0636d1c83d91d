import {pause} from '../core/deadline.ts'
import {messageOf} from '../core/errors.ts'
import {judgeStart, judgeStop, type Verdict} from './power-rules.ts'
import type {Runtime} from './runtime/runtime.ts'
import type {Store, StoredWorkspace} from './store/store.ts'

/** Starts and stops workspaces; the state in the store follows what the runtime really does. */
export interface Power {
  /** Judges at once; the work goes on after the return. */
  start(workspace: StoredWorkspace): Verdict
  stop(workspace: StoredWorkspace): Verdict
  /** Stops a workspace and deletes it with its files, after what is under way; false where there is none by then. */
  remove(id: number): Promise<boolean>
  /** Takes up what the last run of the server left: what ran or was starting starts, what was stopping stops. */
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
    // Only the store can fail here (a full disk); the state is then taken up at the next start of the server.
    const quiet = work.catch(() => undefined).finally(() => underWay.delete(id))
    underWay.set(id, quiet)
  }
  const settle = (
    {id}: StoredWorkspace,
    currentState: 'stopped' | 'running',
    event: string,
    reason?: unknown,
  ): void => {
    if (isOver) return
    store.workspaces.setState(id, {interimState: null, currentState})
    const why = reason === undefined ? {} : {reason: messageOf(reason)}
    store.audit.record(event, {workspace_id: id, ...why}, now())
  }
  const announceStart = ({id}: StoredWorkspace): void =>
    store.workspaces.setState(id, {interimState: 'starting', currentState: 'stopped'})
  const bringUp = async (workspace: StoredWorkspace, prepare?: Promise<void>): Promise<void> => {
    try {
      await prepare
      await runtime.start(workspace)
      settle(workspace, 'running', 'workspace_started')
    } catch (error) {
      settle(workspace, 'stopped', 'workspace_start_failed', error)
    }
  }
  const shut = ({id}: StoredWorkspace): Promise<void> => {
    store.workspaces.setState(id, {interimState: 'stopping', currentState: 'running'})
    store.keys.dropAll(id)
    return disconnect(id)
  }
  const takeDown = async (workspace: StoredWorkspace, cut: Promise<void>): Promise<void> => {
    try {
      await cut
      await runtime.stop(workspace)
      settle(workspace, 'stopped', 'workspace_stopped')
    } catch (error) {
      settle(workspace, 'running', 'workspace_stop_failed', error)
    }
  }
  const erase = async (workspace: StoredWorkspace): Promise<void> => {
    const cut = shut(workspace)
    try {
      await cut
      await runtime.remove(workspace)
    } catch (error) {
      settle(workspace, 'stopped', 'workspace_remove_failed', error)
      throw error
    }
    store.workspaces.delete(workspace.id)
    store.audit.record('workspace_removed', {workspace_id: workspace.id, title: workspace.title}, now())
  }
  /** An interim state without work under way was left by a write that failed (a full disk): it stands for nothing. */
  const asSettled = (workspace: StoredWorkspace, currentState: 'stopped' | 'running'): StoredWorkspace =>
    workspace.interimState === null || underWay.has(workspace.id)
      ? workspace
      : {...workspace, interimState: null, currentState}
  const settled = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay.values())
  }

  return {
    start(workspace) {
      const verdict = judgeStart(asSettled(workspace, 'stopped'))
      if (verdict.outcome !== 'begins') return verdict
      announceStart(workspace)
      begin(workspace.id, bringUp(workspace))
      return verdict
    },
    stop(workspace) {
      const verdict = judgeStop(asSettled(workspace, 'running'))
      if (verdict.outcome === 'begins') begin(workspace.id, takeDown(workspace, shut(workspace)))
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
        const {id, interimState, currentState} = workspace
        if (interimState === 'stopping') begin(id, takeDown(workspace, shut(workspace)))
        else if (interimState === 'starting' || currentState === 'running') {
          announceStart(workspace)
          // What a server that was killed left running is not ours to talk to any more.
          begin(id, bringUp(workspace, runtime.stop(workspace)))
        }
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

/** Work that a runtime does not finish in this time is left to the next start of the server. */
const END_LIMIT_MS = 10_000

/** Waits for a promise, but not for longer than `ms`. */
export async function atMost(ms: number, promise: Promise<void>): Promise<void> {
  const limit = new AbortController()
  await Promise.race([promise, pause(ms, limit.signal)])
  limit.abort()
}
