import type {Runtime, RuntimeWorkspace} from '../runtime/runtime.ts'

export interface GatewayOptions {
  readonly address: string
  /** 0 asks for a free port. */
  readonly port: number
  /** OpenSSH private key file text, ed25519. */
  readonly hostKey: string
  readonly runtime: Runtime
  /** The running workspace of an SSH user, with the public keys (`type base64`) that may enter it now. */
  readonly admit: (
    user: string,
  ) => {readonly workspace: RuntimeWorkspace; readonly publicKeys: readonly string[]} | undefined
  /** Says what happened, for the audit: `ssh_accepted`, `ssh_refused`, and `ssh_refused_more` with the count of those left out. */
  readonly record: (event: string, facts: Readonly<Record<string, string | number | null>>) => void
}

export interface Gateway {
  readonly port: number
  /** Authenticated connections now. */
  readonly connectionCount: () => number
  /** Ends the connections of a workspace that was stopped. Resolves when they, and the processes that they started, are gone. */
  disconnect(workspaceId: number): Promise<void>
  /** Stops listening and ends every connection. */
  close(): Promise<void>
}
