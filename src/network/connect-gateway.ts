import type {Socket} from 'node:net'
import type {Deadline} from '../core/deadline.ts'
import {messageOf, type Problem, RuncodeError} from '../core/errors.ts'
import {hintWhereNobodyListens} from '../core/nobody-listens.ts'
import {isFinal, openConnection, openTunnel, UnconnectedError} from './open-tunnel.ts'

/** No way to a gateway was found, or not in time. */
export class GatewayUnreachableError extends RuncodeError {
  /** Why, without the gateway's name. */
  readonly reason: string

  constructor(host: string, reason: string, problem: Pick<Problem, 'hint' | 'retryable'> = {}) {
    super(`Could not connect to the gateway ${host}: ${reason}.`, {
      code: 'connection_failed',
      hint: 'Check that this machine is online, then look at: runcode doctor',
      ...problem,
      facts: {host},
    })
    this.reason = reason
  }
}

export interface GatewayAddress {
  readonly host: string
  readonly port: number
  /** An HTTP proxy to go through, `http://[user:password@]host[:port]`; undefined: straight there. */
  readonly sshProxy: URL | undefined
}

/** A connection to a gateway, from which nothing that it says was read yet. Throws GatewayUnreachableError. */
export async function connectGateway(
  {host, port, sshProxy: proxy}: GatewayAddress,
  deadline: Deadline,
): Promise<Socket> {
  try {
    if (proxy === undefined) return await openConnection({host, port}, deadline)
    return await openTunnel(proxy, {host, port}, deadline)
  } catch (error) {
    if (!(error instanceof UnconnectedError)) throw error
    if (proxy === undefined) {
      const hint = hintWhereNobodyListens(host, messageOf(error))
      throw new GatewayUnreachableError(host, messageOf(error), hint === undefined ? {} : {hint})
    }
    const reason = error.kind === 'unreachable' ? `cannot be reached: ${messageOf(error)}` : messageOf(error)
    throw new GatewayUnreachableError(host, `the proxy ${proxy.host} ${reason}`, isFinal(error) ? FINAL : {})
  }
}

const FINAL = {
  retryable: false,
  hint: 'Ask whoever runs that proxy, or name another one: runcode profile set <name> --ssh-proxy <url>',
}
