import {deadlineIn, pause} from '../../core/deadline.ts'
import {RuncodeError} from '../../core/errors.ts'
import {isSameProcess} from '../../core/process-identity.ts'
import type {ForwardRecord} from '../../forward/record-file.ts'
import {
  askToClose,
  type CloseReason,
  isClosed,
  listRecords,
  removeLog,
  removeLogsOfTheDead,
  removeRecord,
} from '../../forward/records.ts'
import type {SessionOwner} from '../../session/session.ts'
import type {Context} from '../context.ts'

/** For the process behind a port, which looks every second; then it is killed. */
const CLOSE_LIMIT_MS = 3000
const LOOK_MS = 50

/** Nothing forwards a port that was named. */
export class NotForwardedError extends RuncodeError {
  constructor(port: number) {
    super(`Nothing of ours forwards the local port ${port}.`, {
      code: 'not_found',
      hint: 'See what is forwarded: runcode port-forward --list',
      facts: {local: port},
    })
  }
}

/** The process behind a port does not close it, and cannot be told from others that had its number. */
export class NotClosedError extends RuncodeError {
  constructor({local, pid}: ForwardRecord) {
    super(`The process ${pid}, which forwards the local port ${local}, does not close it.`, {
      code: 'locked',
      hint: 'Look at that process, and end it.',
      facts: {local, pid},
    })
  }
}

/** Ends the forwards of these local ports, or all of them; gives what was ended. Throws NotForwardedError before it ends any. */
export async function cancelForwards(
  context: Context,
  ports: readonly number[] | 'all',
): Promise<readonly ForwardRecord[]> {
  const records = await listRecords(context.folders.state)
  const missing = ports === 'all' ? undefined : ports.find((port) => !records.some(({local}) => local === port))
  if (missing !== undefined) throw new NotForwardedError(missing)
  const meant = records.filter(({local}) => ports === 'all' || ports.includes(local))
  await close(context, meant, 'cancelled')
  return meant
}

/** All that forwards ports to a workspace now. */
export async function forwardsTo({folders}: Context, owner: SessionOwner): Promise<readonly ForwardRecord[]> {
  const records = await listRecords(folders.state)
  return records.filter(
    ({account, origin, workspaceId}) =>
      account === owner.account && origin === owner.origin && workspaceId === owner.workspaceId,
  )
}

/** Ends all that forwards ports to a workspace. */
export const endForwards = async (context: Context, owner: SessionOwner, reason: CloseReason): Promise<void> =>
  close(context, await forwardsTo(context, owner), reason)

/** Takes the logs of processes that forward nothing any more: they tell why that ended, and whoever asked for it knows. */
export async function removeLogs({folders}: Context, records: readonly ForwardRecord[]): Promise<void> {
  const left = new Set((await listRecords(folders.state)).map(({pid}) => pid))
  for (const {pid, isBackground} of records) if (isBackground && !left.has(pid)) await removeLog(folders.state, pid)
}

/** Ends all that forwards ports to the workspaces of an account, and takes away what is left of those that ended. */
export async function endForwardsOf(context: Context, account: string): Promise<void> {
  const records = await listRecords(context.folders.state)
  await close(
    context,
    records.filter((record) => record.account === account),
    'disconnected',
  )
  await removeLogsOfTheDead(context.folders.state)
}

const close = async (context: Context, records: readonly ForwardRecord[], reason: CloseReason): Promise<void> => {
  const {state} = context.folders
  for (const record of records) await askToClose(state, record, reason)
  const deadline = deadlineIn(CLOSE_LIMIT_MS, context.interrupted)
  for (const record of records) {
    while (!(await isClosed(state, record))) {
      if (deadline.signal.aborted) await kill(state, record)
      else await pause(LOOK_MS, deadline.signal)
    }
  }
  await removeLogs(context, records)
}

/** One that was stopped (Ctrl-Z, a debugger) hears nothing. */
const kill = async (state: string, record: ForwardRecord): Promise<void> => {
  const {pid, started} = record
  if (started === null) throw new NotClosedError(record)
  if (await isSameProcess(pid, started)) process.kill(pid, 'SIGKILL')
  await removeRecord(state, record)
}
