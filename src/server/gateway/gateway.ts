import type {Runtime, RuntimeWorkspace} from '../runtime/runtime.ts'

export interface GatewayOptions {
  readonly address: string
  /** 0 asks for a free port. */
  readonly port: number
  /** OpenSSH private key file text, ed25519. */
  readonly hostKey: string
  readonly runtime: Runtime
  /** Of silence before a client is asked whether it is there; CLIENT_ALIVE_MS where it is not given. */
  readonly aliveMs?: number
  /** The running workspace of an SSH user, with the keys that may enter it now. */
  readonly admit: (user: string) => Entrance | undefined
  /** Says what happened, for the audit: `ssh_accepted`, `ssh_refused`, and `ssh_refused_more` with the count of those left out. */
  readonly record: (event: string, facts: Readonly<Record<string, string | number | null>>) => void
}

/** What a user may enter, and by what. */
export interface Entrance {
  readonly workspace: RuntimeWorkspace
  /** `publicKey` is `type base64`; `tokenId` is the API token that registered it. */
  readonly keys: readonly {readonly publicKey: string; readonly tokenId: number}[]
}

export interface Gateway {
  readonly port: number
  /** Authenticated connections now. */
  readonly connectionCount: () => number
  /** Ends the connections of a workspace that was stopped. Resolves when they, and the processes that they started, are gone. */
  disconnect(workspaceId: number): Promise<void>
  /** The same for the connections that came by the keys of an API token. */
  disconnectToken(tokenId: number): Promise<void>
  /** Stops listening and ends every connection. */
  close(): Promise<void>
}
