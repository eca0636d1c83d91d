import type {OnReadOpts, Socket} from 'node:net'
import type {Deadline} from '../core/deadline.ts'
import {messageOf, type Problem, RuncodeError} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import {addressesOf, connectFirst, type FirstOptions} from './connect-first.ts'

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
  if (proxy === undefined) return opened({host, port}, deadline, (reason) => new GatewayUnreachableError(host, reason))
  const failed = (reason: string, problem?: Pick<Problem, 'hint' | 'retryable'>): GatewayUnreachableError =>
    new GatewayUnreachableError(host, `the proxy ${proxy.host} ${reason}`, problem)
  const reader = headReader()
  const address = {host: proxy.hostname.replace(/^\[|\]$/g, ''), port: Number(proxy.port || 80)}
  const socket = await opened({...address, onread: reader.onread}, deadline, (reason) =>
    failed(`cannot be reached: ${reason}`),
  )
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization(proxy)}\r\n`)
  const head = await until(socket, reader.head, deadline).catch(() => undefined)
  const [line = '', status = ''] = /^HTTP\/1\.[01] (\d{3})[^\r\n]*(?=[\s\S]*\r\n\r\n$)/.exec(head ?? '') ?? []
  if (status.startsWith('2')) return socket
  socket.destroy()
  if (status === '') throw failed('gave no answer to CONNECT')
  const isFinal = status.startsWith('4') && !PASSING.includes(status)
  throw failed(`answered "${printable(line).slice(0, 100)}"`, isFinal ? FINAL : {})
}

/** Of the statuses that say that a request is wrong, those that pass: Request Timeout, Too Many Requests (RFC 9110, RFC 6585). */
const PASSING: readonly string[] = ['408', '429']
const FINAL = {
  retryable: false,
  hint: 'Look at the "ssh_proxy" of the profile in profiles.json, or ask whoever runs that proxy.',
}

const opened = async (
  {host, ...options}: FirstOptions & {readonly host: string},
  deadline: Deadline,
  failed: (reason: string) => GatewayUnreachableError,
): Promise<Socket> => {
  try {
    return await connectFirst(await addressesOf(host, deadline), options, deadline)
  } catch (error) {
    throw failed(deadline.signal.aborted ? 'it did not answer in time' : wordsOf(error))
  }
}

/** Waits for something of a socket; its failure, its end or the end of the deadline is thrown. */
const until = <T>(socket: Socket, wanted: Promise<T>, {signal}: Deadline): Promise<T> =>
  new Promise((resolve, reject) => {
    const fail = (error: unknown): void => settle(() => reject(error))
    const end = (): void => fail(new Error('it closed the connection'))
    const abort = (): void => fail(signal.reason)
    const settle = (then: () => void): void => {
      socket.off('error', fail).off('end', end).off('close', end)
      signal.removeEventListener('abort', abort)
      then()
    }
    socket.on('error', fail).on('end', end).on('close', end)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    wanted.then((value) => settle(() => resolve(value)), fail)
  })

/** What failed at each address is told once. */
const wordsOf = (error: unknown): string => {
  const words =
    error instanceof AggregateError ? [...new Set(error.errors.map(messageOf))].join('; ') : messageOf(error)
  return printable(words).slice(0, 300)
}

/** RFC 7617. */
const authorization = ({username, password}: URL): string => {
  if (username === '' && password === '') return ''
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return `Proxy-Authorization: Basic ${Buffer.from(pair).toString('base64')}\r\n`
}

/** More than a proxy has to say before the bytes of the gateway. */
const LONGEST_HEAD_BYTES = 16_384

/**
 * Reads the head of an answer byte by byte, as the gateway's first words may stand right behind it and are not ours to
 * take. Then reading stops, until the socket is read as any other.
 */
const headReader = (): {readonly onread: OnReadOpts; readonly head: Promise<string>} => {
  let text = ''
  let done: ((head: string) => void) | undefined
  const head = new Promise<string>((resolve) => {
    done = resolve
  })
  const isWhole = (): boolean => text.endsWith('\r\n\r\n') || text.length >= LONGEST_HEAD_BYTES
  return {
    head,
    onread: {
      buffer: () => Buffer.allocUnsafe(isWhole() ? 65_536 : 1),
      callback(this: Socket, size: number, bytes: Uint8Array) {
        if (isWhole()) return this.push(bytes.subarray(0, size))
        text += String.fromCharCode(bytes[0] ?? 0)
        if (!isWhole()) return true
        done?.(text)
        return false
      },
    },
  }
}
