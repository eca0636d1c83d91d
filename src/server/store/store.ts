/** A workspace as it is kept. While `interimState` is set it is the truth (contracts of the control plane: it wins). */
export interface StoredWorkspace {
  readonly id: number
  /** `[a-z0-9-]`, unique; the SSH user. */
  readonly title: string
  /** Free text of its owner, or null. */
  readonly customTitle: string | null
  readonly interimState: 'starting' | 'stopping' | null
  readonly currentState: 'stopped' | 'running'
  /** Its deletion has begun: what is left of its files is of no use. */
  readonly isBeingRemoved: boolean
  readonly createdAt: Date
}

/** `owner` may manage workspaces and tokens; `user` may use workspaces. */
export type TokenScope = 'owner' | 'user'

/** A token without its secret, which is kept as a hash only. */
export interface StoredToken {
  readonly id: number
  readonly name: string
  readonly scope: TokenScope
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
}

/** A public key that one mint registered for one workspace. `publicKey` is `type base64`, without a comment. */
export interface RegisteredKey {
  readonly workspaceId: number
  /** The token that the mint was asked with; the key is worth nothing without it. */
  readonly tokenId: number
  readonly publicKey: string
  readonly expiresAt: Date
}

export interface Store {
  readonly workspaces: {
    list(): readonly StoredWorkspace[]
    get(id: number): StoredWorkspace | undefined
    byTitle(title: string): StoredWorkspace | undefined
    /** Throws where the title is taken. */
    create(workspace: {title: string; customTitle: string | null}, now: Date): StoredWorkspace
    /** It is not being removed, or not any more. */
    setState(id: number, state: Pick<StoredWorkspace, 'interimState' | 'currentState'>): void
    /** It is stopping, for the last time. */
    setBeingRemoved(id: number): void
    /** With its registered keys. */
    delete(id: number): void
  }
  readonly tokens: {
    list(): readonly StoredToken[]
    /** The secret is given here once and kept nowhere. */
    create(token: {name: string; scope: TokenScope}, now: Date): {token: StoredToken; secret: string}
    /** The token of a secret; notes the use. */
    verify(secret: string, now: Date): StoredToken | undefined
    /** With the keys that were registered by it; false where there is none. */
    revoke(id: number): boolean
  }
  readonly keys: {
    /** A key that the same token registers again keeps the later of its two ends. */
    register(key: RegisteredKey): void
    /** The keys of a workspace that are valid now. */
    valid(workspaceId: number, now: Date): readonly RegisteredKey[]
    /** Forgets what has expired. */
    sweep(now: Date): void
    dropAll(workspaceId: number): void
  }
  readonly audit: {
    /**
     * Appends, and drops what is MAX_AUDIT_RECORDS of the same event older; nothing else is changed or removed, which the
     * database itself refuses. Facts hold no secret.
     */
    record(event: string, facts: Readonly<Record<string, string | number | null>>, now: Date): void
    list(
      limit: number,
    ): readonly {readonly at: Date; readonly event: string; readonly facts: Readonly<Record<string, unknown>>}[]
  }
  close(): void
}
