/** What a secret is bound to: it is sent to this origin and to no other. */
export interface SecretKey {
  /** `https://host[:port]` */
  readonly origin: string
  /** The account's name on this machine. */
  readonly account: string
}

/** A secret as a store gives it back. */
export interface StoredSecret {
  readonly secret: string
  /** When it was put there; undefined where that was not written down, as by versions of before. */
  readonly storedAt: Date | undefined
}

/** A place that keeps secrets between commands. */
export interface SecretStore {
  readonly kind: 'file' | 'keychain'
  /** The place in words, for "where is my token". */
  readonly place: string
  /** The secret, or undefined where there is none. */
  read(key: SecretKey): Promise<StoredSecret | undefined>
  /** `storedAt` is now. */
  write(key: SecretKey, secret: string, storedAt: Date): Promise<void>
  /** True where there was one. */
  remove(key: SecretKey): Promise<boolean>
}

/** A secret with where it came from. */
export interface Token extends StoredSecret {
  readonly source: 'environment' | 'file' | 'keychain' | 'legacy'
  readonly place: string
}
