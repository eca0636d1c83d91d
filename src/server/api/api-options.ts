import type {Logins} from '../logins.ts'
import type {Power} from '../power.ts'
import type {Runtime} from '../runtime/runtime.ts'
import type {Store, StoredToken} from '../store/store.ts'

/** What the routes work with. */
export interface ApiOptions {
  readonly store: Store
  readonly runtime: Pick<Runtime, 'workdir'>
  readonly power: Power
  /** Ends the connections through the gateway that came by keys of a token. */
  readonly disconnectToken: (tokenId: number) => void
  readonly gateway: GatewayAddress
  readonly logins: Logins
  /** Where the pages are: `http://localhost:<port>`. */
  readonly webBase: string
  readonly tls: TlsPair
  readonly version: string
  /** For how long the server stays without work; undefined: for ever. */
  readonly idleSeconds: number | undefined
  readonly now: () => Date
  /** Called for each request of a known token, but the one that only asks how the server is. */
  readonly onActivity: () => void
}

/** Where the gateway listens, and its pin: `ssh-ed25519 base64`. */
export interface GatewayAddress {
  readonly host: string
  readonly port: number
  readonly hostPublicKey: string
}

/** PEM. */
export interface TlsPair {
  readonly key: string
  readonly certificate: string
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null until the guard has let the request in. */
    token: StoredToken | null
  }
}
