import {WireReader} from '../core/wire-reader.ts'

/** A host key that a control plane vouches for: the key type and the base64 of the key blob (RFC 4253 section 6.6). */
export interface HostKey {
  readonly type: string
  readonly base64: string
}

/**
 * The plain keys in a text in the form of known_hosts (sshd(8)), each once. Whose the lines are is not asked: the names
 * are dropped, and our own file is keyed to the checked host and port. Everything that is no whole, strong, plain key is
 * dropped, and so is a key that any line revokes.
 */
export function parseHostKeys(text: string): readonly HostKey[] {
  const keys = new Map<string, HostKey>()
  const revoked: string[] = []
  for (const line of text.split(/\r?\n/)) {
    const words = line.trim().split(/[ \t]+/)
    if (words[0]?.startsWith('#')) continue
    if (words[0] === '@revoked') revoked.push(words[3] ?? '')
    const [names, type = '', base64 = ''] = words
    if (names?.startsWith('@') === false && isWholeKey(type, base64)) keys.set(base64, {type, base64})
  }
  for (const base64 of revoked) keys.delete(base64)
  return [...keys.values()]
}

/** Sizes in bytes. An RSA key of less than 2048 bits is no proof of anything any more (NIST SP 800-131A). */
const ED25519 = 32
const RSA = 256
const POINTS: Readonly<Record<string, number>> = {nistp256: 65, nistp384: 97, nistp521: 133}

/** What follows the type in the blob of each key type: RFC 8709, RFC 5656, RFC 4253 section 6.6, PROTOCOL.u2f of OpenSSH. */
const BLOBS: ReadonlyMap<string, (parts: readonly Buffer[]) => boolean> = new Map([
  ['ssh-ed25519', ([key, ...rest]) => key?.length === ED25519 && rest.length === 0],
  ['ecdsa-sha2-nistp256', (parts) => isPoint(parts, 'nistp256')],
  ['ecdsa-sha2-nistp384', (parts) => isPoint(parts, 'nistp384')],
  ['ecdsa-sha2-nistp521', (parts) => isPoint(parts, 'nistp521')],
  ['sk-ssh-ed25519@openssh.com', ([key, ...rest]) => key?.length === ED25519 && rest.length === 1],
  [
    'sk-ecdsa-sha2-nistp256@openssh.com',
    ([curve, point, ...rest]) => rest.length === 1 && isPoint([curve, point], 'nistp256'),
  ],
  ['ssh-rsa', ([, modulus, ...rest]) => rest.length === 0 && lengthOf(modulus) >= RSA],
])

const isPoint = ([curve, point, ...rest]: readonly (Buffer | undefined)[], name: string): boolean =>
  curve?.toString('latin1') === name && point?.length === POINTS[name] && rest.length === 0

/** Of a number, whose first byte is zero where its highest bit would make it negative. */
const lengthOf = (number: Buffer = Buffer.of()): number => number.subarray(number[0] === 0 ? 1 : 0).length

const isWholeKey = (type: string, base64: string): boolean => {
  const isOfType = BLOBS.get(type)
  const blob = Buffer.from(base64.slice(0, 8192), 'base64')
  // Base64 in its one right form; Node reads many others, ssh does not.
  if (isOfType === undefined || blob.toString('base64') !== base64) return false
  try {
    const [name, ...parts] = new WireReader(blob).strings()
    return name?.toString('latin1') === type && isOfType(parts)
  } catch {
    return false
  }
}
