import type {Socket} from 'node:net'
import type {Readable, Writable} from 'node:stream'
import type {ServerChannel} from 'ssh2'
import {untilRekeyed} from './rekeying.ts'
import {forgetSentChunk} from './ssh2-gaps.ts'

/** The two output streams of a channel. Each resolves at the source's end, when all of it was handed to the connection. */
export interface ChannelOutput {
  readonly stdout: (source: Readable) => Promise<void>
  readonly stderr: (source: Readable) => Promise<void>
  /** The client has closed the channel, and its window opens no more: what sources still give is read and dropped. */
  readonly drop: () => void
}

/**
 * Sends what sources give, one chunk at a time for both streams together, which ssh2 needs (see forgetSentChunk), and
 * waits for the connection and its key exchanges as well as for the channel's window: a client may open a window of 4 GiB
 * and read nothing.
 */
export function createChannelOutput(channel: ServerChannel, connection: Socket): ChannelOutput {
  let last = Promise.resolve()
  let isDropped = false
  let giveUp = (): void => undefined
  const send = (stream: Writable, chunk: Uint8Array): Promise<void> => {
    last = last.then(async () => {
      await untilRekeyed(channel)
      if (isDropped) return
      await new Promise<void>((resolve) => {
        giveUp = resolve
        stream.write(chunk, () => resolve())
      })
      forgetSentChunk(channel)
      if (connection.writableNeedDrain) await new Promise<void>((resolve) => connection.once('drain', resolve))
    })
    return last
  }
  const sendAll = async (stream: Writable, source: Readable): Promise<void> => {
    try {
      // The source of a forward is a socket, whose other direction goes on.
      for await (const chunk of source.iterator({destroyOnReturn: false})) await send(stream, chunk)
    } catch {
      // The source was destroyed, or broke, which is its end.
    }
  }
  return {
    stdout: (source) => sendAll(channel, source),
    stderr: (source) => sendAll(channel.stderr, source),
    drop: () => {
      isDropped = true
      giveUp()
    },
  }
}
