/** A public key that a client offers (RFC 4252 section 7). */
export interface OfferedKey {
  /** The name of the key's type; `ssh-rsa` for every RSA signature algorithm. */
  readonly algorithm: string
  /** The hash that an RSA signature algorithm names (RFC 8332); undefined for the others, and for `ssh-rsa`, which is SHA-1. */
  readonly hashAlgorithm: string | undefined
  /** Undefined where the request ends before it. */
  readonly blob: Buffer | undefined
}

/** `unknown_user`: nobody, or a workspace that does not run. `unknown_key`: not registered for this workspace, or no longer. */
export type OfferVerdict = 'registered' | 'unknown_user' | 'unknown_key' | 'wrong_algorithm'

const KEY_TYPES: readonly string[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
]

/** Whether a key may go on to prove itself. `publicKeys` are those of the asked workspace as `type base64`; undefined: no such. */
export function judgeOfferedKey(publicKeys: readonly string[] | undefined, offered: OfferedKey): OfferVerdict {
  if (publicKeys === undefined) return 'unknown_user'
  const {blob = Buffer.alloc(0)} = offered
  const type = typeOf(blob)
  if (type === undefined || type !== offered.algorithm || !KEY_TYPES.includes(type)) return 'wrong_algorithm'
  if (type === 'ssh-rsa' && offered.hashAlgorithm !== 'sha256' && offered.hashAlgorithm !== 'sha512')
    return 'wrong_algorithm'
  return publicKeys.includes(`${type} ${blob.toString('base64')}`) ? 'registered' : 'unknown_key'
}

/** The first field of a key blob is the name of its type (RFC 4253 section 6.6). */
const typeOf = (blob: Buffer): string | undefined => {
  if (blob.length < 4) return undefined
  const end = 4 + blob.readUInt32BE(0)
  return end > blob.length ? undefined : blob.toString('latin1', 4, end)
}
