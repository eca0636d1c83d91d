import {WireReader} from '../core/wire-reader.ts'

/** What a user certificate says (PROTOCOL.certkeys of OpenSSH), as far as we judge it. */
export interface UserCertificate {
  /** The certified key, as base64 of its plain blob (RFC 8709 section 4). */
  readonly keyBase64: string
  readonly principals: readonly string[]
  readonly validAfter: Date
  readonly validBefore: Date
  /** Names of the critical options. */
  readonly criticalOptions: readonly string[]
}

const TYPE = 'ssh-ed25519-cert-v01@openssh.com'
const USER = 1
/** Seconds that fit into a Date; OpenSSH writes "for ever" as the largest 64-bit number. */
const LAST_SECOND = 8_640_000_000_000n

/**
 * Reads one line `type base64 [comment]` of a certificate for an ed25519 key, the only kind that we make. Undefined
 * where it is anything else. Read from the blob, not from what ssh-keygen prints, where a key id can hold line ends.
 */
export function parseUserCertificate(line: string): UserCertificate | undefined {
  const [, base64] =
    /^ssh-ed25519-cert-v01@openssh\.com ([A-Za-z0-9+/]{100,40000}={0,2})(?: [\x20-\x7e]*)?\n?$/.exec(line) ?? []
  if (base64 === undefined) return undefined
  try {
    return readBlob(new WireReader(Buffer.from(base64, 'base64')))
  } catch {
    return undefined
  }
}

const readBlob = (blob: WireReader): UserCertificate | undefined => {
  const type = blob.text()
  blob.string()
  const key = blob.string()
  blob.uint64()
  const kind = blob.uint32()
  blob.string()
  const principals = textsIn(blob.string())
  const [validAfter, validBefore] = [momentOf(blob.uint64()), momentOf(blob.uint64())]
  // Each name is followed by its data.
  const criticalOptions = textsIn(blob.string()).filter((_, at) => at % 2 === 0)
  // Extensions, what is reserved, the authority's key and its signature: ssh reads them, and takes no cut certificate.
  const rest = blob.strings()
  if (type !== TYPE || kind !== USER || key.length !== 32 || rest.length !== 4) return undefined
  const plain = Buffer.concat([sshString(Buffer.from('ssh-ed25519')), sshString(key)])
  return {keyBase64: plain.toString('base64'), principals, validAfter, validBefore, criticalOptions}
}

const textsIn = (bytes: Buffer): readonly string[] => new WireReader(bytes).strings().map((one) => one.toString('utf8'))

const momentOf = (seconds: bigint): Date => new Date(Number(seconds > LAST_SECOND ? LAST_SECOND : seconds) * 1000)

const sshString = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** Only where we come from is limited; every other critical option changes what a login does. */
const HARMLESS_OPTIONS = new Set(['source-address'])

/**
 * Why a certificate is not to be used, or undefined. `publicKey` is our own line `type base64 comment`; `now` is a moment
 * on the clock of whoever signed it.
 */
export function certificateFault(
  certificate: UserCertificate,
  {publicKey, user, now}: {publicKey: string; user: string; now: Date},
): string | undefined {
  const {keyBase64, principals, validAfter, validBefore, criticalOptions} = certificate
  if (publicKey.split(' ')[1] !== keyBase64) return 'is for another key'
  // A certificate without principals opens every account (ssh-keygen(1), CERTIFICATES).
  if (!principals.includes(user)) return `is not for the user ${user}`
  if (validBefore <= now) return 'is over already'
  if (validAfter.getTime() > now.getTime() + 300_000) return 'is not valid yet'
  const isHarmless = criticalOptions.every((name) => HARMLESS_OPTIONS.has(name))
  return isHarmless ? undefined : 'has a critical option that changes what a login does'
}
