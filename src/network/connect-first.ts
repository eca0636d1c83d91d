import {connect, isIP, type OnReadOpts, type Socket} from 'node:net'
import type {Deadline} from '../core/deadline.ts'

/** What one address gets before the next one is tried beside it (Connection Attempt Delay, RFC 8305 section 8). */
const ATTEMPT_MS = 250

export interface FirstOptions {
  readonly port: number
  readonly onread?: OnReadOpts | undefined
}

/** The addresses of a host, in the order in which they are to be tried. Throws what the resolver says, and the reason of the signal. */
export async function addressesOf(host: string, {signal}: Deadline): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host]
  const {lookup} = process.getBuiltinModule('node:dns/promises')
  const over = new Promise<never>((_, reject) => {
    const end = (): void => reject(signal.reason)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, {once: true})
  })
  const found = await Promise.race([lookup(host, {all: true, verbatim: true}), over])
  return inTurn(found.map(({address}) => address))
}

/** The order of the resolver, but of each family in turn (RFC 8305 section 4). */
export function inTurn(addresses: readonly string[]): readonly string[] {
  const first = addresses.filter((one) => isIP(one) === isIP(addresses[0] ?? ''))
  const second = addresses.filter((one) => !first.includes(one))
  return addresses.flatMap((_, at) => [...first.slice(at, at + 1), ...second.slice(at, at + 1)])
}

/**
 * A connection, not read from yet, to the first of several addresses that answers (Happy Eyeballs, RFC 8305 section 5):
 * each is tried when the one before has had its time or has failed, and none is given up for that. Node's own gives each up
 * after that time, which some links need; ssh's own gives each the whole ConnectTimeout. Throws an
 * AggregateError with the failure of each.
 */
export function connectFirst(
  addresses: readonly string[],
  {port, onread}: FirstOptions,
  {signal}: Deadline,
): Promise<Socket> {
  const tried = new Set<Socket>()
  const waiting = [...addresses]
  const failures: Error[] = []
  let timer: NodeJS.Timeout | undefined
  return new Promise((resolve, reject) => {
    const settle = (then: () => void): void => {
      clearTimeout(timer)
      waiting.length = 0
      signal.removeEventListener('abort', abort)
      for (const socket of tried) socket.destroy()
      then()
    }
    const abort = (): void => settle(() => reject(signal.reason))
    const tryNext = (): void => {
      clearTimeout(timer)
      const host = waiting.shift()
      if (host === undefined) return
      const socket = connect({
        host,
        port,
        ...(onread === undefined ? {} : {onread}),
        noDelay: true,
        allowHalfOpen: true,
      })
      // Whoever the socket is handed to reads what the gateway says first.
      if (onread === undefined) socket.pause()
      const fail = (error: Error): void => {
        failures.push(error)
        tried.delete(socket)
        if (waiting.length === 0 && tried.size === 0) settle(() => reject(new AggregateError(failures)))
        else tryNext()
      }
      socket.once('error', fail)
      socket.once('connect', () => {
        tried.delete(socket.off('error', fail))
        settle(() => resolve(socket))
      })
      tried.add(socket)
      timer = setTimeout(tryNext, ATTEMPT_MS)
    }
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    else tryNext()
  })
}
