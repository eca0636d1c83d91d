import {X509Certificate} from 'node:crypto'
import {readFile} from 'node:fs/promises'
import {rootCertificates} from 'node:tls'
import {RuncodeError} from '../core/errors.ts'
import {FileError, readIfThere} from '../core/files.ts'

/** Whom to believe. A profile's CA file replaces the built-in roots and those of the system; an added one stands beside them. */
export interface Trust {
  readonly caFile: string | undefined
  readonly addedCaFile: string | undefined
  /** NODE_EXTRA_CA_CERTS: Node adds it to the built-in roots, but not where others are added. */
  readonly nodeCaFile?: string | undefined
}

/** What is named as a file of certificates holds none. */
export class NoCertificateError extends RuncodeError {
  constructor(path: string) {
    super(`The CA file ${path} holds no certificate.`, {
      code: 'file_error',
      hint: 'It must be PEM text: "-----BEGIN CERTIFICATE-----", one after the other.',
      facts: {path},
    })
  }
}

/** The authorities to believe, as PEM; undefined: those that Node believes by itself. Throws FileError, NoCertificateError. */
export async function readAuthorities(
  {caFile, addedCaFile, nodeCaFile}: Trust,
  system: readonly string[],
): Promise<string[] | undefined> {
  const added = addedCaFile === undefined ? [] : [await readCa(addedCaFile)]
  if (caFile !== undefined) return [await readCa(caFile), ...added]
  if (added.length === 0 && system.length === 0) return undefined
  // Node warns of one that it cannot read, and goes on.
  const ofNode = nodeCaFile === undefined ? undefined : await readIfThere(nodeCaFile).catch(() => undefined)
  // In one text they are read twice as fast as one by one.
  return [rootCertificates.join('\n'), ...(ofNode === undefined ? [] : [ofNode]), ...added, ...system]
}

/** The certificates in a file, as PEM text. Throws FileError, NoCertificateError. */
export async function readCa(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new FileError('read', path, error)
  })
  refuseNoCertificate(path, text)
  return text
}

/** Node reads up to the first that is damaged, and says nothing of it: one that is the first leaves nobody to believe. Throws NoCertificateError. */
export function refuseNoCertificate(path: string, text: string): void {
  try {
    new X509Certificate(text)
  } catch {
    throw new NoCertificateError(path)
  }
}

/** In words, for who wants to know why somebody was not believed. `hasSystem`: those of the system were asked as well. */
export const storeOf = ({caFile, addedCaFile, nodeCaFile}: Trust, hasSystem: boolean): string => {
  const builtIn = ['those built into Node', ...(hasSystem ? ['those of this system'] : [])]
  const files = caFile === undefined ? [nodeCaFile, addedCaFile] : [caFile, addedCaFile]
  const named = files.filter((path) => path !== undefined).map((path) => `those of ${path}`)
  return [...(caFile === undefined ? builtIn : []), ...named].join(', ')
}
