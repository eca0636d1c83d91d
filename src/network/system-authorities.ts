import {readFile} from 'node:fs/promises'
import tls, {rootCertificates} from 'node:tls'

/** Where distributions of Linux keep all certificates in one file: Debian and its like, Fedora and its like, SUSE, Alpine. */
const BUNDLES: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

let found: Promise<readonly string[]> | undefined

/** Those that were looked for in this process already; nobody looks a second time. */
export const knownSystemAuthorities = async (): Promise<readonly string[]> => found ?? []

/**
 * The authorities that this system believes, where they can be had, but for those built into Node, which are most of them: of Linux in
 * one file, which takes a millisecond, of others from Node, where it knows how (tls.getCACertificates(), 22.15 and newer). Of a Linux
 * Node gives each several times over.
 */
export function systemAuthorities(): Promise<readonly string[]> {
  found ??= (process.platform === 'linux' ? firstOf(BUNDLES) : Promise.resolve(ofNode())).then(notBuiltIn)
  return found
}

const notBuiltIn = (texts: readonly string[]): readonly string[] => {
  const builtIn = new Set(rootCertificates.map(bare))
  return texts.map((text) => text.replaceAll(CERTIFICATE, (one) => (builtIn.has(bare(one)) ? '' : one)))
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
/** Lines are broken here and there. */
const bare = (pem: string): string => pem.replaceAll(/\s/g, '')

const firstOf = async (paths: readonly string[]): Promise<readonly string[]> => {
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text?.includes('-----BEGIN ')) return [text]
  }
  return []
}

const ofNode = (): readonly string[] => {
  const {getCACertificates} = tls as {getCACertificates?: (which: 'system') => readonly string[]}
  return getCACertificates?.('system') ?? []
}
