import {pidSpace, processStart} from '../../core/process-identity.ts'
import type {ForwardRecord} from '../../forward/record-file.ts'
import {readRequest, removeRecord, writeRecord} from '../../forward/records.ts'
import type {Session} from '../../session/session.ts'
import type {Context} from '../context.ts'
import type {ForwardEnd} from './forward-event.ts'
import type {OpenPort} from './open-each.ts'

const LOOK_MS = 1000
/** Longer than a look is ever late by itself: the machine slept, or we were stopped. */
const SLEEP_SECONDS = 10

export interface WatchOptions {
  readonly ports: readonly OpenPort[]
  readonly session: Session
  readonly limitSeconds: number | undefined
  readonly isBackground: boolean
  /** Whether the process that started us is gone. */
  readonly isOrphan: () => boolean
  /** Called every second. */
  readonly look: (hasSlept: boolean) => void
  /** Somebody wants this port closed. */
  readonly onClose: (port: OpenPort, reason: ForwardEnd) => void
  /** All are to be closed. */
  readonly onEnd: (reason: ForwardEnd) => void
}

/**
 * Notes open ports for other processes of ours, and looks every second whether they are to be closed: asked for, the time
 * over, or whoever started us gone. Gives what ends that.
 */
export async function watchPorts(
  context: Pick<Context, 'folders' | 'now'>,
  options: WatchOptions,
): Promise<() => Promise<void>> {
  const {ports, session, limitSeconds, isBackground, isOrphan, look, onClose, onEnd} = options
  const {state} = context.folders
  const began = context.now()
  let lastSeconds = began.uptimeSeconds
  const records = new Map<OpenPort, ForwardRecord>()
  const {account, origin, workspaceId, title} = session
  const whole = {
    ...{account, origin, workspaceId, title, isBackground, pid: process.pid},
    ...{started: await processStart(process.pid), space: await pidSpace()},
    until: limitSeconds === undefined ? undefined : new Date(began.date.getTime() + limitSeconds * 1000),
  }
  for (const port of ports) {
    const {local, host, remote, isReverse, addresses} = port
    const record = {...whole, local, host, remote, isReverse, addresses}
    await writeRecord(state, record)
    records.set(port, record)
  }
  const answerRequests = async (): Promise<void> => {
    for (const [port, record] of records) {
      const reason = await readRequest(state, record)
      if (reason === undefined) continue
      onClose(port, reason)
      records.delete(port)
      await removeRecord(state, record)
    }
  }
  let isBusy = false
  const timer = setInterval(async () => {
    const {uptimeSeconds} = context.now()
    look(uptimeSeconds - lastSeconds > SLEEP_SECONDS)
    lastSeconds = uptimeSeconds
    if (!isBackground && isOrphan()) onEnd('parent_gone')
    if (limitSeconds !== undefined && uptimeSeconds - began.uptimeSeconds >= limitSeconds) onEnd('time_over')
    if (isBusy) return
    isBusy = true
    // Where the folder cannot be read now, a later look may.
    await answerRequests().catch(() => undefined)
    isBusy = false
  }, LOOK_MS)
  return async () => {
    clearInterval(timer)
    for (const record of records.values()) await removeRecord(state, record)
  }
}
