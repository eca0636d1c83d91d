import {readIfThere, writeWhole} from '../core/files.ts'
import {generateHostKey} from './gateway/host-key.ts'
import {ServerFailedError} from './server-failed.ts'

/** OpenSSH private key text, and its public key as `ssh-ed25519 base64`. */
export interface HostKey {
  readonly privateKey: string
  readonly publicKey: string
}

/**
 * The gateway's key in `file` (0600), made at first use. A damaged file is not replaced: every client has pinned the
 * key. Throws FileError, and ServerFailedError for a damaged file.
 */
export async function keptHostKey(file: string): Promise<HostKey> {
  const kept = await readIfThere(file)
  if (kept === undefined) {
    const fresh = generateHostKey()
    await writeWhole(file, fresh.privateKey)
    return fresh
  }
  const publicKey = publicKeyIn(kept)
  if (publicKey !== undefined) return {privateKey: kept, publicKey}
  throw new ServerFailedError(`The host key ${file} is damaged.`, {
    hint: `Restore it, or remove it for a new one; clients that pinned the old one must connect anew.`,
    facts: {path: file},
  })
}

/**
 * The public key in an OpenSSH private key file, where it is ed25519 (PROTOCOL.key: magic, cipher, KDF, its options, the
 * number of keys, then the public keys, which are never encrypted).
 */
const publicKeyIn = (text: string): string | undefined => {
  const base64 = /^-----BEGIN OPENSSH PRIVATE KEY-----\s([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----\s*$/.exec(
    text,
  )?.[1]
  const file = Buffer.from(base64 ?? '', 'base64')
  const start = file.indexOf(ONE_ED25519_KEY)
  const blob = file.subarray(start + ONE_ED25519_KEY.length - BLOB_HEAD.length).subarray(0, BLOB_BYTES)
  return start === -1 || blob.length < BLOB_BYTES ? undefined : `ssh-ed25519 ${blob.toString('base64')}`
}

const field = (text: string): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  return Buffer.concat([length, Buffer.from(text, 'latin1')])
}

/** How the blob begins (RFC 8709 section 4): its type, and the length of the key. */
const BLOB_HEAD = Buffer.concat([field('ssh-ed25519'), Buffer.from([0, 0, 0, 32])])
const BLOB_BYTES = BLOB_HEAD.length + 32

/** An unencrypted file with one ed25519 key, up to the key's bytes. */
const ONE_ED25519_KEY = Buffer.concat([
  Buffer.from('openssh-key-v1\0', 'latin1'),
  field('none'),
  field('none'),
  field(''),
  Buffer.from([0, 0, 0, 1, 0, 0, 0, BLOB_BYTES]),
  BLOB_HEAD,
])
