import {RuncodeError} from '../core/errors.ts'
import type {Branded} from './brand.ts'
import {type HostKey, parseHostKeys} from './host-keys.ts'
import {type HostName, isLocalHost, parseHostName} from './host-name.ts'
import {parseRemotePath, type RemotePath} from './remote-path.ts'
import {dangerousDirective} from './ssh-config-tripwire.ts'

export type UserName = Branded<string, 'UserName'>

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
    hostKeys: parsePins(fields['known_hosts']),
    expiresAt: parseMoment(fields['expires_at']),
    workdir: parseWorkdir(fields['workdir']),
    webUrl: parseWebUrl(fields['web_url']),
    certificate: parseCertificate(fields['credential']),
  }
}

const refuseDangerousConfig = (text: unknown): void => {
  if (text === undefined || text === null) return
  if (!isShortText(text)) throw new UnsafeBundleError('ssh_config', 'is no text of at most 64 KiB')
  const directive = dangerousDirective(text)
  if (directive !== undefined) throw new UnsafeBundleError('ssh_config', `holds ${directive}`)
}

const isShortText = (value: unknown): value is string => typeof value === 'string' && value.length <= 65_536

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
  const host = typeof value === 'string' ? parseHostName(value) : undefined
  if (host === undefined) throw new UnsafeBundleError('host', 'is neither a host name nor an address')
  if (!mayBeLocal && isLocalHost(host)) throw new UnsafeBundleError('host', 'is this machine or its own link')
  return host
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

const parsePins = (value: unknown): readonly HostKey[] => {
  if (!isShortText(value)) throw new UnsafeBundleError('known_hosts', 'is no text of at most 64 KiB')
  const keys = parseHostKeys(value)
  if (keys.length === 0) throw new UnsafeBundleError('known_hosts', 'pins no host key')
  return keys
}

/** ISO 8601 with a time; without an offset it is UTC. */
const parseMoment = (value: unknown): Date => {
  const [text, day, offset] =
    typeof value === 'string'
      ? (/^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?$/.exec(value) ?? [])
      : []
  const moment = text === undefined ? Number.NaN : Date.parse(offset === undefined ? `${text}Z` : text)
  // Date takes the 30th of February for the 1st or 2nd of March.
  if (Number.isNaN(moment) || new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) !== day)
    throw new UnsafeBundleError('expires_at', 'is no moment')
  return new Date(moment)
}

const parseWorkdir = (value: unknown): RemotePath | undefined => {
  if (value === undefined || value === null || value === '') return undefined
  const path = typeof value === 'string' ? parseRemotePath(value) : undefined
  if (path === undefined) throw new UnsafeBundleError('workdir', 'is no plain absolute path')
  return path
}

/** Host and path of letters, digits and plain marks: it is shown, and handed to the program that opens a browser. */
const parseWebUrl = (value: unknown): string | undefined => {
  if (value === undefined || value === null || value === '') return undefined
  const {href = ''} = typeof value === 'string' && URL.canParse(value) ? new URL(value) : {}
  if (!/^https:\/\/[a-z0-9._:[\]-]{1,300}\/[A-Za-z0-9._~%@:+,=/-]{0,2000}$/.test(href)) {
    throw new UnsafeBundleError('web_url', 'is no plain https address')
  }
  return href
}
