import {isIP} from 'node:net'
import {RuncodeError} from '../core/errors.ts'
import type {Branded} from './brand.ts'
import {parseRemotePath, type RemotePath} from './remote-path.ts'
import {dangerousDirective} from './ssh-config-tripwire.ts'

export type HostName = Branded<string, 'HostName'>
export type UserName = Branded<string, 'UserName'>

/** A host key that a control plane vouches for: the key type and the base64 of the key blob (RFC 4253 section 6.6). */
export interface HostKey {
  readonly type: string
  readonly base64: string
}

/** What a control plane gives for one public key: where to go, who we are there, and whom we must find. All checked. */
export interface ConnectionBundle {
  readonly host: HostName
  readonly port: number
  readonly user: UserName
  /** At least one. */
  readonly hostKeys: readonly HostKey[]
  /** The end of the pass on the control plane's clock. */
  readonly expiresAt: Date
  /** The project directory; undefined where the control plane did not say. */
  readonly workdir: RemotePath | undefined
  /** An https address without user, query or fragment. */
  readonly webUrl: string | undefined
  /** A certificate for the key that was sent, not judged yet; undefined where the key alone is registered. */
  readonly certificate: string | undefined
}

/** The control plane sent something that must not reach ssh. Nothing was written. */
export class UnsafeBundleError extends RuncodeError {
  constructor(field: string, why: string) {
    super(`The control plane sent connection data that is not safe to use: ${field} ${why}.`, {
      code: 'unsafe_bundle',
      hint: 'Do not work around this. Report it to whoever runs the control plane.',
      facts: {field},
    })
  }
}

/**
 * A bundle of the wire contract as facts that can reach ssh, by allow-list. `mayBeLocal`: the control plane itself is
 * on loopback, so that a loopback or link-local gateway is no trick. Throws UnsafeBundleError.
 */
export function parseConnectionBundle(raw: unknown, {mayBeLocal}: {mayBeLocal: boolean}): ConnectionBundle {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw new UnsafeBundleError('the bundle', 'is no object')
  const fields = raw as Readonly<Record<string, unknown>>
  refuseDangerousConfig(fields['ssh_config'])
  return {
    host: parseHost(fields['host'], mayBeLocal),
    port: parsePort(fields['port']),
    user: parseUser(fields['user']),
    hostKeys: parseHostKeys(fields['known_hosts']),
    expiresAt: parseMoment(fields['expires_at']),
    workdir: parseWorkdir(fields['workdir']),
    webUrl: parseWebUrl(fields['web_url']),
    certificate: parseCertificate(fields['credential']),
  }
}

const refuseDangerousConfig = (text: unknown): void => {
  if (text === undefined || text === null) return
  if (typeof text !== 'string') throw new UnsafeBundleError('ssh_config', 'is no text')
  const directive = dangerousDirective(text)
  if (directive !== undefined) throw new UnsafeBundleError('ssh_config', `holds ${directive}`)
}

/** A plain key, or a key with a certificate as one line; what is in it is judged beside the key that it is for. */
const parseCertificate = (credential: unknown): string | undefined => {
  if (credential === undefined || credential === null) return undefined
  if (typeof credential !== 'object' || Array.isArray(credential)) {
    throw new UnsafeBundleError('credential', 'is no object')
  }
  const {type = 'key', certificate = null} = credential as {readonly type?: unknown; readonly certificate?: unknown}
  if (type === 'key' && certificate === null) return undefined
  const line = typeof certificate === 'string' ? certificate.trim() : ''
  const isLine = /^ssh-ed25519-cert-v01@openssh\.com [A-Za-z0-9+/]{100,40000}={0,2}(?: [\x20-\x7e]{0,200})?$/.test(line)
  if ((type !== 'key' && type !== 'certificate') || !isLine) {
    throw new UnsafeBundleError('credential', 'is neither a plain key nor a certificate for an ed25519 key')
  }
  return line
}

const parseHost = (value: unknown, mayBeLocal: boolean): HostName => {
  const isName = typeof value === 'string' && /^(?!-)[A-Za-z0-9._-]{1,253}$/.test(value)
  // A zone (RFC 4007 section 11) names an interface of this machine, and "%" begins a token of ssh_config.
  const isAddress = typeof value === 'string' && isIP(value) !== 0 && !value.includes('%')
  if (!isName && !isAddress) throw new UnsafeBundleError('host', 'is neither a host name nor an address')
  const host = value as HostName
  if (!mayBeLocal && isLocalAddress(host)) throw new UnsafeBundleError('host', 'points at this machine')
  return host
}

/** Loopback, unspecified and link-local addresses (RFC 6890), IPv4 in IPv6 included, and the names of loopback (RFC 6761 section 6.3). */
const isLocalAddress = (host: string): boolean => {
  const plain = host.toLowerCase().replace(/\.$/, '')
  if (plain === 'localhost' || plain.endsWith('.localhost')) return true
  // inet_aton(3) also reads 1-part to 3-part, octal and hexadecimal forms, which no honest control plane sends.
  if (/^(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}$/.test(plain)) {
    return isIP(plain) !== 4 || /^(?:127\.|0\.|169\.254\.)/.test(plain)
  }
  if (isIP(plain) !== 6) return false
  const {hostname} = new URL(`http://[${plain}]/`)
  return /^\[(?:::1?|fe[89ab][0-9a-f]:.*|::ffff:(?:7f|0:|a9fe:).*|::(?:7f|a9fe).*)\]$/.test(hostname)
}

const parsePort = (value: unknown): number => {
  const port = typeof value === 'string' && /^[1-9]\d{0,4}$/.test(value) ? Number(value) : value
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new UnsafeBundleError('port', 'is not a whole number from 1 to 65535')
  }
  return port
}

const parseUser = (value: unknown): UserName => {
  if (typeof value !== 'string' || !/^(?!-)[A-Za-z0-9._-]{1,128}$/.test(value)) {
    throw new UnsafeBundleError('user', 'has characters that a user name cannot have')
  }
  return value as UserName
}

const KEY_TYPES = new Set([
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'ssh-rsa',
])

/** Whose the lines are is not asked: the names are dropped, and our own file is keyed to the checked host and port. */
const parseHostKeys = (value: unknown): readonly HostKey[] => {
  if (typeof value !== 'string' || value.length > 65_536) throw new UnsafeBundleError('known_hosts', 'is no text')
  const keys = value.split(/\r?\n/).flatMap((line) => {
    const [names, type = '', base64 = ''] = line.trim().split(/[ \t]+/)
    const isPlain = names !== undefined && !names.startsWith('#') && !names.startsWith('@')
    return isPlain && KEY_TYPES.has(type) && isBlobOf(type, base64) ? [{type, base64}] : []
  })
  if (keys.length === 0) throw new UnsafeBundleError('known_hosts', 'pins no host key')
  return keys
}

/** A key blob begins with its own type as an SSH string (RFC 4253 section 6.6). */
const isBlobOf = (type: string, base64: string): boolean => {
  if (!/^[A-Za-z0-9+/]{16,8192}={0,2}$/.test(base64)) return false
  const blob = Buffer.from(base64, 'base64')
  return (
    blob.length > 4 + type.length &&
    blob.readUInt32BE(0) === type.length &&
    blob.subarray(4, 4 + type.length).toString('latin1') === type
  )
}

/** ISO 8601 with a time; without an offset it is UTC. */
const parseMoment = (value: unknown): Date => {
  const match =
    typeof value === 'string' ? /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?$/.exec(value) : null
  const moment = match === null ? Number.NaN : Date.parse(match[1] === undefined ? `${match[0]}Z` : match[0])
  if (Number.isNaN(moment)) throw new UnsafeBundleError('expires_at', 'is no moment')
  return new Date(moment)
}

const parseWorkdir = (value: unknown): RemotePath | undefined => {
  if (value === undefined || value === null || value === '') return undefined
  const path = typeof value === 'string' ? parseRemotePath(value) : undefined
  if (path === undefined) throw new UnsafeBundleError('workdir', 'is no plain absolute path')
  return path
}

const parseWebUrl = (value: unknown): string | undefined => {
  if (value === undefined || value === null || value === '') return undefined
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (
    url?.protocol !== 'https:' ||
    url.username !== '' ||
    url.password !== '' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new UnsafeBundleError('web_url', 'is no plain https address')
  }
  return url.href
}
