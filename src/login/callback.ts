import {randomBytes, timingSafeEqual} from 'node:crypto'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {pause} from '../core/deadline.ts'
import {isAnotherUsers} from '../core/socket-owner.ts'
import type {WebPage} from '../core/web-page.ts'
import {isSecret} from '../credentials/parse-secret.ts'
import {ANSWERED, DENIED, RECEIVED, refused} from './callback-pages.ts'

/** What the page of a login gave. */
export type CallbackAnswer =
  | {readonly kind: 'token'; readonly secret: string; readonly email: string | undefined}
  | {readonly kind: 'denied'}

/** A program of ours that a browser is sent to with the token: 127.0.0.1 only, on a port that nobody can know before. */
export interface Callback {
  readonly port: number
  /** 192 bits by which we know our own login again. */
  readonly state: string
  /** The first answer with that state. Whatever else comes is told that it is wrong, and changes nothing. */
  readonly answer: Promise<CallbackAnswer>
  /** Ends it; the browser that answered gets to see its last page, at most for a second. */
  close(): Promise<void>
}

const LAST_PAGE_MS = 1000
const REQUEST_LIMIT_MS = 10_000

/** Rejects with the system's error where there is no port to be had. */
export async function listenForCallback(): Promise<Callback> {
  const state = randomBytes(24).toString('base64url')
  let answered: CallbackAnswer | undefined
  let tell: (answer: CallbackAnswer) => void = () => undefined
  const answer = new Promise<CallbackAnswer>((resolve) => {
    tell = resolve
  })
  const shown = new AbortController()

  const respond = (request: IncomingMessage): Reply => {
    const fault = faultOf(request)
    if (fault !== undefined) return fault
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (answered !== undefined && url.pathname === LAST_PATH) {
      shown.abort()
      return {status: 200, page: answered.kind === 'denied' ? DENIED : RECEIVED}
    }
    if (url.pathname !== '/callback') return {status: 404, page: refused('There is nothing here.')}
    if (answered !== undefined) return {status: 410, page: ANSWERED}
    const parsed = parseAnswer(url.searchParams, state)
    if (parsed === undefined)
      return {status: 400, page: refused('This is not the login that is waited for here. That one goes on.')}
    answered = parsed
    tell(parsed)
    // The address holds the token; the one that stays in the browser does not.
    return {status: 303, location: LAST_PATH}
  }

  const server = createServer((request, response) => {
    const {remotePort = 0, localPort = 0} = request.socket
    isAnotherUsers({port: remotePort, peerPort: localPort})
      .then((isForeign) => (isForeign ? FOREIGN : respond(request)))
      .then((reply) => send(response, reply))
      .catch(() => response.destroy())
  })
  server.headersTimeout = REQUEST_LIMIT_MS
  server.requestTimeout = REQUEST_LIMIT_MS
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    state,
    answer,
    close: async () => {
      if (answered !== undefined) await pause(LAST_PAGE_MS, shown.signal)
      // A page that is under way is sent to its end.
      server.close()
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), LAST_PAGE_MS).unref()
    },
  }
}

const LAST_PATH = '/done'

interface Reply {
  readonly status: number
  readonly page?: WebPage
  readonly location?: string
}

const FOREIGN: Reply = {status: 403, page: refused('This came from another user of this machine.')}

/** A name that leads here by an attacker's DNS is not ours (DNS rebinding). */
const faultOf = ({method, headers, socket}: IncomingMessage): Reply | undefined => {
  if (headers.host !== `127.0.0.1:${socket.localPort}`)
    return {status: 421, page: refused('This program has another name.')}
  return method === 'GET' ? undefined : {status: 405, page: refused('This is not how a login comes back.')}
}

const send = (response: ServerResponse, {status, page, location}: Reply): void => {
  const goTo = location === undefined ? {} : {location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer'}
  response.writeHead(status, {...page?.headers, ...goTo, connection: 'close'}).end(page?.text)
}

const parseAnswer = (words: URLSearchParams, state: string): CallbackAnswer | undefined => {
  if (!isEqual(words.get('state') ?? '', state)) return undefined
  if (words.has('error')) return {kind: 'denied'}
  const secret = words.get('token') ?? ''
  return isSecret(secret) ? {kind: 'token', secret, email: parseEmail(words.get('email') ?? '')} : undefined
}

const isEqual = (given: string, ours: string): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(ours)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** For people to read, and to compare. */
const parseEmail = (text: string): string | undefined => (/^[^\s\p{C}]{1,254}$/u.test(text) ? text : undefined)
