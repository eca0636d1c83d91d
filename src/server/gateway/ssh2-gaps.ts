import type {Connection, ServerChannel, Session} from 'ssh2'
import {MIN_PACKET_BYTES} from '../limits.ts'

/**
 * Three things that ssh2 1.17 leaves out or gets wrong, each cured through a part of it that it does not publish:
 * - `eow@openssh.com` (OpenSSH's PROTOCOL, section 2.1: the client wants no more output) reaches no listener, so that
 *   `ssh host yes | head -1` would never end;
 * - after the client's EOF on a session its `signal` and `window-change` requests are dropped;
 * - a request that wants a reply gets none once a command runs.
 */
export function completeChannelRequests(connection: Connection, onOutputUnwanted: (session: Session) => void): void {
  const {_protocol: protocol, _chanMgr: channels} = connection as unknown as Unpublished
  const handle = protocol._handlers.CHANNEL_REQUEST
  protocol._handlers.CHANNEL_REQUEST = (sender, recipient, type, wantsReply, data) => {
    const session = channels.get(recipient)
    const isRunning = session?._channel !== undefined && session._chanInfo !== undefined
    if (isRunning && type === 'eow@openssh.com') return onOutputUnwanted(session as unknown as Session)
    if (isRunning && (type === 'signal' || type === 'window-change')) session._ending = false
    handle(sender, recipient, type, wantsReply, data)
    if (isRunning && wantsReply) protocol.channelFailure(session._chanInfo.outgoing.id)
  }
}

/**
 * Closes sessions that their client closes (RFC 4254 section 5.3):
 * - one in which no command ran at once. ssh2 answers nothing and keeps it, so that a subsystem over a master (`ssh -s`)
 *   that we refuse would never end;
 * - one in which a command runs when `onClose` has resolved. ssh2 answers at once, but a master closes a session whose
 *   reader is gone (`ssh host yes | head -1`) and still waits for the status, as sshd sends it.
 */
export function completeCloses(connection: Connection, onClose: (session: Session) => Promise<void>): void {
  const {_protocol: protocol, _chanMgr: channels} = connection as unknown as Unpublished
  const handle = protocol._handlers.CHANNEL_CLOSE
  const closing = new WeakSet<UnpublishedChannel>()
  protocol._handlers.CHANNEL_CLOSE = (sender, recipient) => {
    const session = channels.get(recipient)
    if (session?._chanInfo === undefined) return handle(sender, recipient)
    if (closing.has(session)) return
    closing.add(session)
    if (session._channel !== undefined)
      return void onClose(session as unknown as Session).then(() => handle(sender, recipient))
    handle(sender, recipient)
    channels.remove(recipient)
    protocol.channelClose(session._chanInfo.outgoing.id)
  }
}

/** Tells of data beyond the window that we gave (RFC 4254 section 5.2), and drops it: ssh2 keeps all that comes. */
export function watchForOverrun(connection: Connection, onOverrun: () => void): void {
  const {_protocol: protocol, _chanMgr: channels} = connection as unknown as Unpublished
  const handle = protocol._handlers.CHANNEL_DATA
  protocol._handlers.CHANNEL_DATA = (sender, recipient, data) => {
    const channel = channels.get(recipient)
    const incoming = channel?._channel?.incoming ?? channel?.incoming
    if (incoming !== undefined && data.length > incoming.window) onOverrun()
    else handle(sender, recipient, data)
  }
}

/**
 * Refuses a channel whose client wants packets of next to nothing, or does not say how large (RFC 4254 section 5.1): ssh2
 * would cut what is sent into pieces of 0 bytes, for ever. One that we open counts as refused by such a client.
 */
export function refuseTinyPackets(connection: Connection): void {
  const {_protocol: protocol} = connection as unknown as Unpublished
  const handle = protocol._handlers.CHANNEL_OPEN
  protocol._handlers.CHANNEL_OPEN = (sender, info) => {
    if (info.packetSize !== undefined && info.packetSize >= MIN_PACKET_BYTES) handle(sender, info)
    else protocol.channelOpenFail(info.sender ?? 0, RESOURCE_SHORTAGE)
  }
  const confirm = protocol._handlers.CHANNEL_OPEN_CONFIRMATION
  protocol._handlers.CHANNEL_OPEN_CONFIRMATION = (sender, info) => {
    if (info.packetSize >= MIN_PACKET_BYTES) return confirm(sender, info)
    protocol._handlers.CHANNEL_OPEN_FAILURE(sender, info.recipient, RESOURCE_SHORTAGE, '')
    protocol.channelClose(info.sender)
  }
}

/** RFC 4254 section 5.1. */
const RESOURCE_SHORTAGE = 4

/**
 * Gives what asks the client to answer, and resolves when it has: it has taken in all that was sent before. Answers come
 * in the order of the requests (RFC 4254 section 4), ssh2's own keepalives among them, of which it does not tell.
 */
export function askForAnswers(connection: Connection): () => Promise<void> {
  const {_protocol: protocol} = connection as unknown as Unpublished
  const {_handlers: handlers} = protocol
  const ping = protocol.ping.bind(protocol)
  const waiting: (() => void)[] = []
  const ask = (onAnswer: () => void): void => {
    waiting.push(onAnswer)
    ping()
  }
  protocol.ping = () => ask(() => undefined)
  handlers.REQUEST_SUCCESS = () => waiting.shift()?.()
  handlers.REQUEST_FAILURE = handlers.REQUEST_SUCCESS
  return () => new Promise(ask)
}

/**
 * Makes a channel forget what it has sent: a blocked chunk stays in its fields after it went out, and a later block of
 * the *other* stream (stderr after stdout) would send it again. To be called when a write is done and none is under way.
 */
export function forgetSentChunk(channel: ServerChannel): void {
  const blocked = channel as unknown as Record<'_chunk' | '_chunkcb' | '_chunkErr' | '_chunkcbErr', undefined>
  blocked._chunk = undefined
  blocked._chunkcb = undefined
  blocked._chunkErr = undefined
  blocked._chunkcbErr = undefined
}

interface Unpublished {
  readonly _protocol: {
    readonly _handlers: {
      CHANNEL_REQUEST: (sender: unknown, recipient: number, type: string, wantsReply: boolean, data: unknown) => void
      CHANNEL_CLOSE: (sender: unknown, recipient: number) => void
      CHANNEL_DATA: (sender: unknown, recipient: number, data: Buffer) => void
      CHANNEL_OPEN: (sender: unknown, info: {sender: number | undefined; packetSize: number | undefined}) => void
      CHANNEL_OPEN_CONFIRMATION: (sender: unknown, info: Record<'recipient' | 'sender' | 'packetSize', number>) => void
      CHANNEL_OPEN_FAILURE: (sender: unknown, recipient: number, reason: number, description: string) => void
      REQUEST_SUCCESS?: () => void
      REQUEST_FAILURE?: () => void
    }
    ping(): void
    channelOpenFail(channelId: number, reason: number): void
    channelFailure(channelId: number): void
    channelClose(channelId: number): void
  }
  readonly _chanMgr: {get(id: number): UnpublishedChannel | undefined; remove(id: number): void}
}

/** A session has the first two, and a channel once a command runs; the channel of a forward has `incoming` itself. */
interface UnpublishedChannel {
  readonly _chanInfo: {readonly outgoing: {readonly id: number}}
  readonly _channel: {readonly incoming: {readonly window: number}} | undefined
  readonly incoming: {readonly window: number} | undefined
  _ending: boolean
}
