import {Agent} from 'node:https'
import {connect, type SecureContext} from 'node:tls'
import type {Deadline} from '../core/deadline.ts'
import {openTunnel} from './open-tunnel.ts'

/** What Node hands an agent: where to connect to, and the options of tls.connect(). */
type Wanted = Parameters<Agent['createConnection']>[0]
type Done = NonNullable<Parameters<Agent['createConnection']>[1]>

/** Connects by way of an HTTP proxy; TLS is spoken with the far side, and the proxy hears nothing of it. */
export class ProxyAgent extends Agent {
  readonly #proxy: URL
  readonly #deadline: Deadline

  /** `secureContext`: whom to believe on the far side; undefined: whom Node believes. */
  constructor(proxy: URL, deadline: Deadline, secureContext: SecureContext | undefined) {
    super({keepAlive: false, secureContext})
    this.#proxy = proxy
    this.#deadline = deadline
  }

  override createConnection(wanted: Wanted, done: Done): undefined {
    const {host, port} = wanted as {readonly host: string; readonly port: number | string}
    openTunnel(this.#proxy, {host, port: Number(port)}, this.#deadline).then(
      (socket) => done(null, connect({...(wanted as object), socket})),
      (error: Error) => done(error, undefined as never),
    )
  }
}
