import {isIP} from 'node:net'
import type {SessionOwner} from '../session/session.ts'
import {parseWorkspaceId} from '../workspace/workspace.ts'
import {type PortSpec, parsePortSpec, remoteText} from './port-spec.ts'

/** A port that a process forwards, as it is noted on disk: one file a port, of mode 0600. */
export interface ForwardRecord extends SessionOwner, PortSpec {
  readonly title: string
  /** Of this machine, on which the port is open; none where the workspace listens. */
  readonly addresses: readonly string[]
  /** The process, when it started (`processStart`), and within what that pid means it (`pidSpace`). */
  readonly pid: number
  readonly started: string | null
  readonly space: string
  readonly isBackground: boolean
  /** When it ends by itself; undefined: never. */
  readonly until: Date | undefined
}

export const renderRecord = (record: ForwardRecord): string => {
  const {account, origin, workspaceId, title, local, isReverse, addresses} = record
  const {pid, started, space, isBackground, until} = record
  const facts = {account, origin, workspaceId, title, local, remote: remoteText(record), isReverse, addresses}
  const raw = {version: VERSION, ...facts, pid, started, space, isBackground, until: until?.toISOString() ?? null}
  return `${JSON.stringify(raw, undefined, 2)}\n`
}

const VERSION = 1

/** Undefined for every text that renderRecord() would not write. */
export function parseRecord(text: string): ForwardRecord | undefined {
  try {
    const raw = JSON.parse(text) as Readonly<Record<string, unknown>>
    const {account, origin, title, isReverse, addresses, pid, started, space, isBackground} = raw
    const workspaceId = parseWorkspaceId(String(raw['workspaceId']))
    const until = typeof raw['until'] === 'string' ? new Date(raw['until']) : undefined
    const {local, host, remote} = parsePortSpec(`${raw['local']}:${raw['remote']}`)
    const isGood =
      raw['version'] === VERSION &&
      isText(raw['workspaceId']) &&
      typeof raw['local'] === 'number' &&
      isText(account) &&
      isText(origin) &&
      isText(title) &&
      isText(space) &&
      (started === null || isText(started)) &&
      typeof isBackground === 'boolean' &&
      typeof isReverse === 'boolean' &&
      typeof pid === 'number' &&
      Number.isSafeInteger(pid) &&
      pid > 0 &&
      Array.isArray(addresses) &&
      addresses.every((one) => typeof one === 'string' && isIP(one) !== 0) &&
      !Number.isNaN(until?.getTime())
    if (!isGood || workspaceId === undefined || local === 0) return undefined
    return {
      account,
      origin,
      workspaceId,
      title,
      local,
      host,
      remote,
      isReverse,
      addresses,
      pid,
      started,
      space,
      isBackground,
      until,
    }
  } catch {
    return undefined
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
