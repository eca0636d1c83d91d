// tsyringe, below x509, asks for this before it is loaded.
import 'reflect-metadata'
import {createPrivateKey, X509Certificate as NodeCertificate, type webcrypto as types, webcrypto} from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import {loopbackOnly, NAME_CONSTRAINTS_ID} from './name-constraints.ts'

/** A certificate with its private key, both PEM (PKCS #8 for the key). */
export interface Issued {
  readonly certificate: string
  readonly key: string
}

/** The names that a leaf is for. */
export interface LeafNames {
  readonly dns: readonly string[]
  readonly ip: readonly string[]
}

const DAY_MS = 86_400_000
/** Clocks differ: a certificate is valid from an hour before it was made. */
const BACKDATED_MS = 3_600_000
const AUTHORITY_DAYS = 3650
/** How long a leaf lives. Apple's systems refuse more than 397 days. */
export const LEAF_DAYS = 90

/** A certificate authority that can vouch for this machine's loopback names only, and for no further authority. */
export async function issueAuthority(now: Date): Promise<Issued> {
  const keys = await newKeyPair()
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: `CN=runcode server ${now.toISOString().slice(0, 10)}`,
      keys,
      ...validity(now, AUTHORITY_DAYS),
      signingAlgorithm: SIGNATURE,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
        new Extension(NAME_CONSTRAINTS_ID, true, loopbackOnly()),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  )
  return issued(certificate, keys)
}

/** A certificate for a TLS server of these names, with a key of its own. */
export async function issueLeaf(authority: Issued, {dns, ip}: LeafNames, now: Date): Promise<Issued> {
  const keys = await newKeyPair()
  const issuer = new NodeCertificate(authority.certificate)
  const certificate = await X509CertificateGenerator.create(
    {
      subject: 'CN=runcode server',
      issuer: issuer.subject.replaceAll('\n', ', '),
      publicKey: keys.publicKey,
      signingKey: await signingKey(authority.key),
      ...validity(now, LEAF_DAYS),
      signingAlgorithm: SIGNATURE,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension([
          ...dns.map((value) => ({type: 'dns' as const, value})),
          ...ip.map((value) => ({type: 'ip' as const, value})),
        ]),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        await AuthorityKeyIdentifierExtension.create(await publicKeyOf(issuer), false, webcrypto),
      ],
    },
    webcrypto,
  )
  return issued(certificate, keys)
}

const CURVE = {name: 'ECDSA', namedCurve: 'P-256'}
const SIGNATURE = {name: 'ECDSA', hash: 'SHA-256'}

const newKeyPair = (): Promise<types.CryptoKeyPair> => webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify'])

const validity = (now: Date, days: number): {notBefore: Date; notAfter: Date} => {
  const notBeforeMs = now.getTime() - BACKDATED_MS
  return {notBefore: new Date(notBeforeMs), notAfter: new Date(notBeforeMs + days * DAY_MS)}
}

const signingKey = (pem: string): Promise<types.CryptoKey> =>
  webcrypto.subtle.importKey('pkcs8', createPrivateKey(pem).export({type: 'pkcs8', format: 'der'}), CURVE, false, [
    'sign',
  ])

const publicKeyOf = (certificate: NodeCertificate): Promise<types.CryptoKey> =>
  webcrypto.subtle.importKey('spki', certificate.publicKey.export({type: 'spki', format: 'der'}), CURVE, true, [
    'verify',
  ])

const issued = async (certificate: X509Certificate, keys: types.CryptoKeyPair): Promise<Issued> => {
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: createPrivateKey({key, format: 'der', type: 'pkcs8'}).export({type: 'pkcs8', format: 'pem'}).toString(),
  }
}
