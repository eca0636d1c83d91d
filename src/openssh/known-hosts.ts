/** A host key as known_hosts wants it. */
export interface PinnedKey {
  readonly type: string
  readonly base64: string
}

/** sshd(8), SSH_KNOWN_HOSTS FILE FORMAT: a port other than 22 is written as `[host]:port`. */
export const renderKnownHosts = (host: string, port: number, keys: readonly PinnedKey[]): string =>
  keys.map(({type, base64}) => `${port === 22 ? host : `[${host}]:${port}`} ${type} ${base64}\n`).join('')

/** The signature algorithms that prove these key types; an RSA key signs with SHA-2 only (RFC 8332). */
export const hostKeyAlgorithms = (keys: readonly PinnedKey[]): string =>
  [...new Set(keys.flatMap(({type}) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type])))].join(',')
