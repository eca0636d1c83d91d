import type {Connection} from 'ssh2'
import {MAX_STRANGER_MESSAGES} from '../limits.ts'

/**
 * What a client may send before it is let in, once keys are exchanged (RFC 4250 section 4.1.2): DISCONNECT, IGNORE,
 * UNIMPLEMENTED, DEBUG, SERVICE_REQUEST, EXT_INFO, USERAUTH_REQUEST. No second key exchange, which costs us more than the
 * client; and nothing of the connection protocol (RFC 4252 section 6), which ssh2 1.17 reads, and answers in part.
 */
const OF_STRANGERS: readonly number[] = [1, 2, 3, 4, 5, 7, 50]

/**
 * Looks at each message of a client before ssh2 reads it, and calls `onRefused` instead where it may not be sent now. To
 * be called before the first key exchange.
 */
export function gateMessages(connection: Connection, isLetIn: () => boolean, onRefused: () => void): void {
  const {_protocol: protocol} = connection as unknown as Unpublished
  const read = protocol._onPayload
  let count = 0
  protocol._onPayload = (payload) => {
    count += 1
    const isGood = isLetIn() ? !isOfServers(payload) : isOfStrangers(payload) && count <= MAX_STRANGER_MESSAGES
    if (isGood) return read(payload)
    onRefused()
    // No more of what came with it.
    return Infinity
  }
}

const isOfStrangers = ([type = 0]: Buffer): boolean => OF_STRANGERS.includes(type)

/** A global request that only servers make (OpenSSH's PROTOCOL, section 2.5); ssh2 parses every key in it. */
const isOfServers = (payload: Buffer): boolean => payload[0] === GLOBAL_REQUEST && payload.indexOf(HOST_KEYS) === 5

const GLOBAL_REQUEST = 80
const HOST_KEYS = 'hostkeys-00@openssh.com'

/** ssh2 1.17 hands this function to each decipher that it makes after a key exchange. */
interface Unpublished {
  readonly _protocol: {_onPayload: (payload: Buffer) => number | undefined}
}
