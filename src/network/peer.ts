import type {PeerCertificate, TLSSocket} from 'node:tls'
import {printable} from '../core/printable.ts'

/** What somebody showed to prove who he is, believed or not. Its words are his. */
export interface Peer {
  /** Who signed the last of the certificates that were shown: whose own is not among them. */
  readonly issuer: string
  /** When the first of them ends; undefined where it does not say so. */
  readonly validUntil: Date | undefined
}

/**
 * Hears of the certificates as soon as they were shown, before Node judges them: then it hangs up, and they are gone. Where
 * Node's sockets would no longer say so (`secure`, of node:tls, is not in its documentation) nothing is heard.
 */
export function onPeer(socket: TLSSocket, hear: (peer: Peer) => void): void {
  const look = (): void => {
    const certificate = socket.getPeerCertificate(true)
    if (certificate?.issuer !== undefined) hear(peerOf(certificate))
  }
  // Of a connection that was used before nothing more is said.
  if ((socket as {secureConnecting?: boolean}).secureConnecting === false) look()
  else socket.prependOnceListener('secure', look)
}

/** More than any chain has. */
const LONGEST = 10

const peerOf = (
  certificate: ReturnType<TLSSocket['getPeerCertificate']> & {issuerCertificate?: PeerCertificate},
): Peer => {
  let last: typeof certificate = certificate
  for (let depth = 0; depth < LONGEST; depth += 1) {
    const next = last.issuerCertificate
    if (next === undefined || next === last) break
    last = next
  }
  const {CN, OU, O} = last.issuer
  const until = new Date(certificate.valid_to)
  return {
    issuer: printable(String(CN ?? O ?? OU ?? 'somebody without a name')).slice(0, 100),
    validUntil: Number.isNaN(until.getTime()) ? undefined : until,
  }
}
