import type {GatewayAddress} from './api-options.ts'

/** What a client needs to connect, as it goes over the wire. */
export interface WireBundle {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly known_hosts: string
  readonly credential: {readonly type: 'key'; readonly certificate: null}
  readonly workdir: string
  readonly expires_at: string
  readonly ssh_config: string
}

/** The bundle for a workspace behind this gateway, valid until `expiresAt` (whole seconds). */
export function renderBundle({gateway, title, workdir, expiresAt}: BundleFacts): WireBundle {
  const {host, port, hostPublicKey} = gateway
  return {
    host,
    port,
    user: title,
    known_hosts: `${knownName(host, port)} ${hostPublicKey}\n`,
    credential: {type: 'key', certificate: null},
    workdir,
    expires_at: expiresAt.toISOString().replace(/\.\d+Z$/, '+00:00'),
    ssh_config: `Host runcode-${title}\n  HostName ${host}\n  Port ${port}\n  User ${title}\n`,
  }
}

export interface BundleFacts {
  readonly gateway: GatewayAddress
  readonly title: string
  readonly workdir: string
  readonly expiresAt: Date
}

/** As ssh looks a host up: the port beside it, but for 22 (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
const knownName = (host: string, port: number): string => (port === 22 ? host : `[${host}]:${port}`)

/** The longest that a registered key is worth. */
export const MAX_TTL_SECONDS = 1800

/** When a key registered now ends, for a wished life or the longest; cut to the whole seconds that the wire tells. */
export const expiryOf = (ttlSeconds: number | undefined, now: Date): Date => {
  const seconds = Math.min(ttlSeconds ?? MAX_TTL_SECONDS, MAX_TTL_SECONDS)
  return new Date(Math.floor(now.getTime() / 1000 + seconds) * 1000)
}
