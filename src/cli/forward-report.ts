import {fstatSync, ftruncateSync} from 'node:fs'
import type {ForwardEnd, ForwardEvent} from '../actions/ports/forward-event.ts'
import {type PortSpec, remoteText} from '../forward/port-spec.ts'
import type {ForwardRecord} from '../forward/record-file.ts'

/** A line for a person, and whether it is of the answer (stdout) or of the conversation (stderr). */
export interface ForwardLine {
  readonly text: string
  readonly isAnswer: boolean
}

/** What a person is told of an event. */
export function lineOf(event: ForwardEvent): ForwardLine {
  const {port} = event
  const to = port.isReverse ? reverseText(port) : `${localText(port)} to ${targetText(port)}`
  switch (event.event) {
    case 'ready':
      return {
        text: port.isReverse
          ? `Forwarding port ${port.remote} of ${event.session.title} to localhost:${port.local}.`
          : `Forwarding ${to} ${port.host === 'localhost' ? 'of' : 'by way of'} ${event.session.title}.`,
        isAnswer: true,
      }
    case 'failed':
      return said(`Not forwarded: ${event.error.message} ${event.error.hint ?? ''}`.trim())
    case 'lost':
      return said(`The connection was lost: ${event.reason}. ${port.isReverse ? 'Another is being tried.' : NEXT_ONE}`)
    case 'restored':
      return said('The connection is back.')
    case 'refused':
      return said(
        `A connection of ${to} was refused: ${event.reason}.${isRemote(event.reason) ? ' Does anything listen there?' : ''}`,
      )
    case 'closed':
      return said(`Closed ${port.isReverse ? to : localText(port)}${REASONS[event.reason]}.`)
  }
}

const NEXT_ONE = 'The next one who connects here waits for another.'

/** In the words of OpenSSH, and of our server. */
const isRemote = (reason: string): boolean => reason.startsWith('connect failed')

const said = (text: string): ForwardLine => ({text, isAnswer: false})

const REASONS: Readonly<Record<ForwardEnd, string>> = {
  interrupted: '',
  cancelled: ': it was cancelled',
  stopped: ': the workspace was stopped',
  disconnected: ': the workspace was disconnected',
  parent_gone: ': whoever started this is gone',
  time_over: ': its time is over',
  failed: '',
}

/** Where a port is open, as it is typed into a browser. */
export const localText = ({local, addresses}: PortSpec & {readonly addresses?: readonly string[]}): string => {
  const [first = '127.0.0.1'] = addresses ?? []
  const isLoopback = (addresses ?? []).every((one) => one === '::1' || one.startsWith('127.'))
  return `${isLoopback ? 'localhost' : first.includes(':') ? `[${first}]` : first}:${local}`
}

/** A port of the workspace, and where it leads here. */
export const reverseText = (port: PortSpec): string => `port ${port.remote} of the workspace to localhost:${port.local}`

const targetText = (port: PortSpec): string => (port.host === 'localhost' ? `port ${port.remote}` : remoteText(port))

/** An event in the words of our JSON. */
export function jsonOf(event: ForwardEvent): Readonly<Record<string, unknown>> {
  const {local, remote, host, isReverse} = event.port
  const facts = {event: event.event, local, remote, remote_host: host, reverse: isReverse}
  switch (event.event) {
    case 'ready': {
      const {session, chosen} = event
      const workspace = {id: session.workspaceId, title: session.title}
      return {...facts, addresses: event.port.addresses, workspace, profile: session.account, chosen_by: chosen.why}
    }
    case 'failed': {
      const {code, message, hint} = event.error
      return {...facts, error: code, message, hint}
    }
    case 'restored':
      return facts
    default:
      return {...facts, reason: event.reason}
  }
}

/** One object on a line of its own: who reads a stream takes them one by one. */
export const printLine = (json: unknown): void => {
  process.stdout.write(`${JSON.stringify(json)}\n`)
}

/** A forward as it is listed. */
export const recordJson = ({local, remote, host, isReverse, addresses, ...rest}: ForwardRecord) => ({
  ...{local, remote, remote_host: host, reverse: isReverse, addresses},
  workspace: {id: rest.workspaceId, title: rest.title},
  profile: rest.account,
  pid: rest.pid,
  background: rest.isBackground,
  until: rest.until?.toISOString() ?? null,
})

const LARGEST_LOG_BYTES = 65_536

/** Empties the log that stdout is, where it has grown: nobody looks after one in the background. */
export function boundLog(): void {
  const stats = fstatSync(1)
  if (stats.isFile() && stats.size > LARGEST_LOG_BYTES) ftruncateSync(1)
}
