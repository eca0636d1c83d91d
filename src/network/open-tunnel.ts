import type {OnReadOpts, Socket} from 'node:net'
import type {Deadline} from '../core/deadline.ts'
import {messageOf} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import {addressesOf, connectFirst, type FirstOptions} from './connect-first.ts'

/** No connection was made, or none by way of a proxy. */
export class UnconnectedError extends Error {
  /** What kept it: the way there, what answers, or its answer. */
  readonly kind: 'unreachable' | 'silent' | 'broken' | 'refused'
  /** What the proxy answered where it refused: its status, and the schemes by which it wants to be asked (RFC 9110 section 11.7.1). */
  readonly status: number | undefined
  readonly schemes: readonly string[]

  constructor(kind: UnconnectedError['kind'], reason: string, head = '') {
    super(reason)
    this.kind = kind
    this.status = kind === 'refused' ? Number(/ (\d{3})/.exec(head)?.[1]) : undefined
    this.schemes = [...head.matchAll(/^Proxy-Authenticate: *([\w-]{1,30})/gim)].map(([, scheme = '']) => scheme)
  }
}

/** A connection to the first address of a host that answers, not read from yet. Throws UnconnectedError. */
export async function openConnection(
  {host, ...options}: FirstOptions & {readonly host: string},
  deadline: Deadline,
): Promise<Socket> {
  try {
    return await connectFirst(await addressesOf(host, deadline), options, deadline)
  } catch (error) {
    throw new UnconnectedError('unreachable', deadline.signal.aborted ? 'it did not answer in time' : wordsOf(error))
  }
}

/**
 * A connection by way of an HTTP proxy, `http://[user:password@]host[:port]` (CONNECT, RFC 9110 section 9.3.6), from which
 * nothing that the far side says was read yet. Throws UnconnectedError.
 */
export async function openTunnel(
  proxy: URL,
  {host, port}: {readonly host: string; readonly port: number},
  deadline: Deadline,
): Promise<Socket> {
  const reader = headReader()
  const address = {host: proxy.hostname.replace(/^\[|\]$/g, ''), port: Number(proxy.port || 80)}
  const socket = await openConnection({...address, onread: reader.onread}, deadline)
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization(proxy)}\r\n`)
  const head = await until(socket, reader.head, deadline).catch(() => undefined)
  const [line = '', status = ''] = /^HTTP\/1\.[01] (\d{3})[^\r\n]*(?=[\s\S]*\r\n\r\n$)/.exec(head ?? '') ?? []
  if (status.startsWith('2')) return socket
  socket.destroy()
  if (status === '')
    throw new UnconnectedError(deadline.signal.aborted ? 'silent' : 'broken', 'gave no answer to CONNECT')
  throw new UnconnectedError('refused', `answered "${printable(line).slice(0, 100)}"`, head)
}

/** Of the statuses that say that a request is wrong, those that pass: Request Timeout, Too Many Requests (RFC 9110, RFC 6585). */
const PASSING: readonly (number | undefined)[] = [408, 429]
/** Whether another try would be refused as well. */
export const isFinal = ({status = 0}: UnconnectedError): boolean =>
  status >= 400 && status < 500 && !PASSING.includes(status)

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
