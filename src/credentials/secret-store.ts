/** What a secret is bound to: it is sent to this origin and to no other. */
export interface SecretKey {
  /** `https://host[:port]` */
  readonly origin: string
  /** The account's name on this machine. */
  readonly account: string
}

/** A place that keeps secrets between commands. */
export interface SecretStore {
  readonly kind: 'file' | 'keychain'
  /** The place in words, for "where is my token". */
  readonly place: string
  /** The secret, or undefined where there is none. */
  read(key: SecretKey): Promise<string | undefined>
  write(key: SecretKey, secret: string): Promise<void>
  /** True where there was one. */
  remove(key: SecretKey): Promise<boolean>
}

/** A secret with where it came from. */
export interface Token {
  readonly secret: string
  readonly source: 'environment' | 'file' | 'keychain' | 'legacy'
  readonly place: string
}
