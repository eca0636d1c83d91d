import type {Connection, ServerChannel, Session} from 'ssh2'

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
    const isRunning = session !== undefined && session._channel !== undefined && session._chanInfo !== undefined
    if (isRunning && type === 'eow@openssh.com') return onOutputUnwanted(session as unknown as Session)
    if (isRunning && (type === 'signal' || type === 'window-change')) session._ending = false
    handle(sender, recipient, type, wantsReply, data)
    if (isRunning && wantsReply) protocol.channelFailure(session._chanInfo.outgoing.id)
  }
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
    }
    channelFailure(channelId: number): void
  }
  readonly _chanMgr: {get(id: number): UnpublishedSession | undefined}
}

/** A forward's channel has neither of the first two. */
interface UnpublishedSession {
  readonly _channel: unknown
  readonly _chanInfo: {readonly outgoing: {readonly id: number}}
  _ending: boolean
}
