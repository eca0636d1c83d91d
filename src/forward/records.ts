import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {
  makePrivateFolder,
  readIfThere,
  refuseUnsafeFolders,
  removeEmptyFolders,
  removeWhole,
  writeWhole,
} from '../core/files.ts'
import {isSameProcess, pidSpace} from '../core/process-identity.ts'
import {type ForwardRecord, parseRecord, renderRecord} from './record-file.ts'

/** Why a forwarded port is to be closed. */
export type CloseReason = 'cancelled' | 'stopped' | 'disconnected'

const REASONS: readonly CloseReason[] = ['cancelled', 'stopped', 'disconnected']

/** Where every port that a living process forwards is noted, and where its end is asked for. */
export const recordsFolder = (state: string): string => join(state, 'forwards')

/** By the port that is listened on, of which there is one. */
const nameOf = ({pid, local, remote, isReverse}: ForwardRecord): string => `${pid}-${isReverse ? `r${remote}` : local}`
const fileOf = (state: string, record: ForwardRecord): string => join(recordsFolder(state), `${nameOf(record)}.json`)
const requestOf = (state: string, record: ForwardRecord): string => join(recordsFolder(state), `${nameOf(record)}.end`)

export async function writeRecord(state: string, record: ForwardRecord): Promise<void> {
  await makePrivateFolder(recordsFolder(state))
  await removeWhole(requestOf(state, record))
  await writeWhole(fileOf(state, record), renderRecord(record))
}

export async function removeRecord(state: string, record: ForwardRecord): Promise<void> {
  await removeWhole(requestOf(state, record))
  await removeWhole(fileOf(state, record))
  await removeEmptyFolders(recordsFolder(state), state)
}

/**
 * The ports that living processes of this machine forward, by number; what the dead have left is removed. Throws
 * UnsafeFolderError where others could have written it.
 */
export async function listRecords(state: string): Promise<readonly ForwardRecord[]> {
  const folder = recordsFolder(state)
  await refuseUnsafeFolders(state, folder)
  const space = await pidSpace()
  const records: ForwardRecord[] = []
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith('.json')) continue
    const record = parseRecord((await readIfThere(join(folder, name))) ?? '')
    if (record !== undefined && name !== `${nameOf(record)}.json`) continue
    // A home may be shared with a machine whose processes cannot be looked at from here.
    if (record !== undefined && record.space !== space) continue
    if (record !== undefined && (await isSameProcess(record.pid, record.started))) records.push(record)
    else for (const kind of ['.end', '.json']) await removeWhole(join(folder, name.replace(/\.json$/, kind)))
  }
  return records.toSorted((a, b) => a.local - b.local || a.pid - b.pid)
}

/** What a process in the background says. */
export const logOf = (state: string, pid: number): string => join(recordsFolder(state), `${pid}.log`)

export async function removeLog(state: string, pid: number): Promise<void> {
  await removeWhole(logOf(state, pid))
  await removeEmptyFolders(recordsFolder(state), state)
}

/** Removes the logs that processes in the background left which are gone. */
export async function removeLogsOfTheDead(state: string): Promise<void> {
  const folder = recordsFolder(state)
  for (const name of await readdir(folder).catch(() => [])) {
    const [, pid] = /^(\d{1,10})\.log$/.exec(name) ?? []
    if (pid !== undefined && !(await isSameProcess(Number(pid), null))) await removeWhole(join(folder, name))
  }
  await removeEmptyFolders(folder, state)
}

/** Asks the process behind a port to close it; it looks every second. No process is ever sent a signal for that. */
export const askToClose = (state: string, record: ForwardRecord, reason: CloseReason): Promise<void> =>
  writeWhole(requestOf(state, record), `${reason}\n`)

/** Whether a port is closed, or its process gone. */
export async function isClosed(state: string, record: ForwardRecord): Promise<boolean> {
  if ((await readIfThere(fileOf(state, record))) === undefined) return true
  if (await isSameProcess(record.pid, record.started)) return false
  await removeRecord(state, record)
  return true
}

/** What a process of ours was asked to close, and why. */
export async function readRequest(state: string, record: ForwardRecord): Promise<CloseReason | undefined> {
  const text = (await readIfThere(requestOf(state, record)))?.trim()
  return REASONS.find((reason) => reason === text)
}
