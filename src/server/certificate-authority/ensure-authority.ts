import {createPrivateKey, X509Certificate} from 'node:crypto'
import {join} from 'node:path'
import {makePrivateFolder, readIfThere, writeWhole} from '../../core/files.ts'
import {type Issued, issueAuthority, issueLeaf, LEAF_DAYS, type LeafNames} from './issue.ts'

/** What a TLS server on this machine needs, and its clients: everything PEM. */
export interface Authority {
  /** Holds `ca`; readable by everyone who can enter the folder. */
  readonly caFile: string
  /** The certificate to trust. */
  readonly ca: string
  /** Private key of the leaf. */
  readonly key: string
  /** The leaf. */
  readonly certificate: string
  /** From here on less than a third of the leaf's life is left. */
  readonly renewAt: Date
}

/**
 * The authority kept in `folder` (0700) with a leaf for localhost, 127.0.0.1 and ::1. Makes what is missing, damaged, or
 * near its end; called again it gives the same, until the leaf is due. Throws FileError and UnsafeFolderError.
 */
export async function ensureAuthority(folder: string, now: Date): Promise<Authority> {
  await makePrivateFolder(folder)
  const caFile = join(folder, 'ca.pem')
  const authority = await keptAuthority(caFile, join(folder, 'ca.key'), now)
  const leaf = await keptLeaf(join(folder, 'leaf.pem'), authority, now)
  return {caFile, ca: authority.certificate, ...leaf, renewAt: renewalOf(new X509Certificate(leaf.certificate))}
}

const LOOPBACK: LeafNames = {dns: ['localhost'], ip: ['127.0.0.1', '::1']}

const keptAuthority = async (certificateFile: string, keyFile: string, now: Date): Promise<Issued> => {
  const kept = pairOf(await readIfThere(certificateFile), await readIfThere(keyFile))
  if (kept !== undefined && outlivesALeaf(new X509Certificate(kept.certificate), now)) return kept
  const fresh = await issueAuthority(now)
  await writeWhole(keyFile, fresh.key)
  await writeWhole(certificateFile, fresh.certificate, {mode: 0o644})
  return fresh
}

/** Key and certificate share a file, so that no crash can part them. */
const keptLeaf = async (file: string, authority: Issued, now: Date): Promise<Issued> => {
  const text = await readIfThere(file)
  const kept = pairOf(text?.match(CERTIFICATE)?.[0], text?.match(PRIVATE_KEY)?.[0])
  if (kept !== undefined && isGoodLeaf(new X509Certificate(kept.certificate), authority, now)) return kept
  const fresh = await issueLeaf(authority, LOOPBACK, now)
  await writeWhole(file, fresh.certificate + fresh.key)
  return fresh
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/
const PRIVATE_KEY = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n/

/** Both, where both are readable and belong together. */
const pairOf = (certificate: string | undefined, key: string | undefined): Issued | undefined => {
  if (certificate === undefined || key === undefined) return undefined
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)) ? {certificate, key} : undefined
  } catch {
    return undefined
  }
}

const outlivesALeaf = ({validTo}: X509Certificate, now: Date): boolean =>
  Date.parse(validTo) - now.getTime() > LEAF_DAYS * 86_400_000

const isGoodLeaf = (leaf: X509Certificate, {certificate}: Issued, now: Date): boolean => {
  const ca = new X509Certificate(certificate)
  return leaf.checkIssued(ca) && leaf.verify(ca.publicKey) && isWithin(leaf, now)
}

const isWithin = (leaf: X509Certificate, now: Date): boolean =>
  Date.parse(leaf.validFrom) <= now.getTime() && now.getTime() < renewalOf(leaf).getTime()

const renewalOf = ({validFrom, validTo}: X509Certificate): Date => {
  const endMs = Date.parse(validTo)
  return new Date(endMs - (endMs - Date.parse(validFrom)) / 3)
}
