import {connect, type OnReadOpts, type Socket} from 'node:net'
import type {Deadline} from '../core/deadline.ts'
import {messageOf, RuncodeError} from '../core/errors.ts'
import {printable} from '../core/printable.ts'

/** No way to a gateway was found, or not in time. */
export class GatewayUnreachableError extends RuncodeError {
  constructor(host: string, reason: string) {
    super(`Could not connect to the gateway ${host}: ${reason}.`, {
      code: 'connection_failed',
      hint: 'Check that this machine is online, then look at: runcode doctor',
      facts: {host},
    })
  }
}

/** What stands as `ssh_proxy` in a profile is no address of a proxy. */
export class InvalidSshProxyError extends RuncodeError {
  constructor() {
    super('The "ssh_proxy" of the profile is not of the form http://[user:password@]host[:port].', {
      code: 'usage',
      hint: 'Mend it in profiles.json, or remove it there.',
    })
  }
}

export interface GatewayAddress {
  readonly host: string
  readonly port: number
  /** An HTTP proxy to go through, as its profile has it; undefined: straight there. */
  readonly sshProxy: string | undefined
}

/**
 * How long one address of a name may take before the next one is tried (Happy Eyeballs, RFC 8305). Node drops the attempt
 * then, and its own 250 ms are less than some links need.
 */
const ATTEMPT_MS = 2500

/**
 * A connection to a gateway, from which nothing that it says was read yet. Throws GatewayUnreachableError,
 * InvalidSshProxyError.
 */
export async function connectGateway({host, port, sshProxy}: GatewayAddress, deadline: Deadline): Promise<Socket> {
  if (sshProxy === undefined) return opened({host, port}, host, deadline)
  const proxy = parseSshProxy(sshProxy)
  const reader = headReader()
  const address = {host: proxy.hostname.replace(/^\[|\]$/g, ''), port: Number(proxy.port || 80)}
  const socket = await opened({...address, onread: reader.onread}, `${host} by way of ${proxy.host}`, deadline)
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization(proxy)}\r\n`)
  const head = await until(socket, reader.head, deadline).catch(() => undefined)
  const [line = '', status] = /^HTTP\/1\.[01] (\d{3})[^\r\n]*(?=[\s\S]*\r\n\r\n$)/.exec(head ?? '') ?? []
  if (status?.startsWith('2')) return socket
  socket.destroy()
  const said = line === '' ? 'gave no answer to CONNECT' : `answered "${printable(line).slice(0, 100)}"`
  throw new GatewayUnreachableError(host, `the proxy ${proxy.host} ${said}`)
}

const opened = async (
  options: {readonly host: string; readonly port: number; readonly onread?: OnReadOpts},
  name: string,
  deadline: Deadline,
): Promise<Socket> => {
  const socket = connect({
    ...options,
    noDelay: true,
    allowHalfOpen: true,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ATTEMPT_MS,
  })
  // Whoever the socket is handed to reads what the gateway says first.
  if (options.onread === undefined) socket.pause()
  const connected = new Promise<void>((resolve) => socket.once('connect', resolve))
  try {
    await until(socket, connected, deadline)
    return socket
  } catch (error) {
    socket.destroy()
    throw new GatewayUnreachableError(name, deadline.signal.aborted ? 'it did not answer in time' : wordsOf(error))
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

/** Happy Eyeballs reports all its attempts in an AggregateError with an empty message. */
const wordsOf = (error: unknown): string => {
  const words =
    error instanceof AggregateError ? [...new Set(error.errors.map(messageOf))].join('; ') : messageOf(error)
  return printable(words).slice(0, 300)
}

const parseSshProxy = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' || url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new InvalidSshProxyError()
  return url
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
