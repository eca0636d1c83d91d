import type {Socket} from 'node:net'
import type {Connection, ServerChannel} from 'ssh2'
import {REKEY_LIMIT_MS} from '../limits.ts'

/**
 * Ends a connection whose client asks for new keys and does not finish. Gives what has to be called each time that ssh2
 * has taken in something from the client.
 */
export function limitRekeying(connection: Connection, socket: Socket): () => void {
  let limit: NodeJS.Timeout | undefined
  const clear = (): void => {
    clearTimeout(limit)
    limit = undefined
  }
  socket.once('close', clear)
  return () => {
    if (isRekeying(connection)) limit ??= setTimeout(() => socket.destroy(), REKEY_LIMIT_MS)
    else clear()
  }
}

/** Resolves when no key exchange is under way: ssh2 keeps, without limit, what is sent during one. */
export async function untilRekeyed(channel: ServerChannel): Promise<void> {
  const {_client: connection} = channel as unknown as {readonly _client: Connection}
  if (isRekeying(connection)) await new Promise<void>((resolve) => connection.once('rekey', () => resolve()))
}

/** ssh2 1.17 does not publish it: the KEXINIT that it sent, until the new keys are in use. */
const isRekeying = (connection: Connection): boolean =>
  (connection as unknown as {readonly _protocol: {readonly _kexinit: unknown}})._protocol._kexinit !== undefined
