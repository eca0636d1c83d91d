import type {ClientRequest} from 'node:http'
import type {TLSSocket} from 'node:tls'
import got, {type Response} from 'got'
import {type Deadline, deadlineIn} from '../core/deadline.ts'
import {messageOf} from '../core/errors.ts'
import {trace} from '../core/trace.ts'
import {readAuthorities, type Trust} from './authorities.ts'
import {parseHttpDate, parseRetryAfter} from './http-fields.ts'
import {InsecureBaseError} from './https-url.ts'
import {isOfStranger, requestFailure, UnreadableAnswerError} from './network-error.ts'
import {parseJson} from './parse-json.ts'
import {onPeer, type Peer} from './peer.ts'
import {ProxyAgent} from './proxy-agent.ts'
import {knownSystemAuthorities, systemAuthorities} from './system-authorities.ts'
import {type Trusting, trustingAgent} from './trusting-agent.ts'

/** No answer of a control plane is larger than this. */
const LIMIT_BYTES = 8 << 20
const TIMEOUT_MS = 20_000
/** A proxy that is silent is told apart from a control plane that is: it has this much less time. */
const [PROXY_TIMEOUT_MS, PROXY_MARGIN_MS] = [10_000, 250]

export interface JsonRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly url: URL
  readonly authorization: string | undefined
  readonly body?: Readonly<Record<string, unknown>> | undefined
  readonly trust: Way
  readonly deadline: Deadline
  /** Hears what the service showed to prove who it is. */
  readonly hearPeer?: ((peer: Peer) => void) | undefined
}

/** Whom to believe, and how to get there. */
export interface Way extends Trust {
  /** The HTTP proxy to go through; straight there without one. */
  readonly proxy?: HttpProxy | undefined
}

/** An HTTP proxy by its address, `http://[user:password@]host[:port]`, and what it was set by, in words. */
export interface HttpProxy {
  readonly url: URL
  readonly setting: string
}

export interface JsonAnswer {
  readonly status: number
  /** The parsed body, or undefined where it is no JSON in UTF-8. */
  readonly json: unknown
  /** The service's own clock when it answered; undefined where it did not say (RFC 9110 section 6.6.1). */
  readonly date: Date | undefined
  /** Seconds until the service wants to be asked again, at most a day; undefined where it did not say. */
  readonly retryAfterSeconds: number | undefined
}

/**
 * One request over https, never repeated, never redirected: a redirect is an answer like any other, so that a token
 * cannot follow one. Gives every HTTP status; throws NetworkError, ProxyError, UnreadableAnswerError, InsecureBaseError,
 * and what reading CA files throws. Where the built-in authorities don't know whoever answers, and no profile names its own, those of the
 * system are asked: nothing was sent by then.
 */
export async function requestJson(request: JsonRequest): Promise<JsonAnswer> {
  const {url, trust} = request
  if (url.protocol !== 'https:') throw new InsecureBaseError(`The address ${url.origin}`, 'is not https')
  const known = await knownSystemAuthorities()
  try {
    return await send(request, known)
  } catch (error) {
    if (trust.caFile !== undefined || known.length > 0 || !isOfStranger(error)) throw error
    const system = await systemAuthorities()
    if (system.length === 0) throw error
    return await send(request, system)
  }
}

const send = async (
  {method, url, authorization, body, trust, deadline, hearPeer}: JsonRequest,
  system: readonly string[],
): Promise<JsonAnswer> => {
  const authorities = await readAuthorities(trust, system)
  const timeoutMs = Math.max(1, Math.min(TIMEOUT_MS, deadline.remainingMs()))
  const trusting = authorities && trustingAgent(authorities)
  const agent = trust.proxy ? agentOf(trust.proxy, {timeoutMs, deadline, trusting}) : trusting?.agent
  const request = got(url, {
    method,
    headers: {
      accept: 'application/json',
      'user-agent': 'runcode-cli',
      ...(authorization === undefined ? {} : {authorization}),
    },
    ...(body === undefined ? {} : {json: body}),
    https: {rejectUnauthorized: true},
    ...(agent === undefined ? {} : {agent: {https: agent}}),
    retry: {limit: 0},
    followRedirect: false,
    throwHttpErrors: false,
    timeout: {request: timeoutMs},
    signal: deadline.signal,
    responseType: 'buffer',
  })
  let fault: string | undefined
  let peer: Peer | undefined
  const giveUp = (what: string): void => {
    fault = what
    request.cancel()
  }
  request.on('downloadProgress', ({transferred}: {transferred: number}) => {
    if (transferred > LIMIT_BYTES) giveUp(`is larger than ${LIMIT_BYTES >> 20} MiB`)
  })
  request.on('request', (sent: ClientRequest) => {
    // got listens for a 101, so that Node hands the connection over, and then nobody ends it.
    sent.once('upgrade', (_answer, socket) => {
      socket.destroy()
      giveUp('turns to another protocol')
    })
    sent.once('socket', (socket) =>
      onPeer(socket as TLSSocket, (shown) => {
        peer = shown
        hearPeer?.(shown)
      }),
    )
  })
  const began = performance.now()
  const tell = (end: string | number): void => {
    const ms = Math.round(performance.now() - began)
    trace('request', () => ({method, origin: url.origin, path: url.pathname, end, ms}))
  }
  try {
    const answer = await request
    tell(answer.statusCode)
    return parseAnswer(answer)
  } catch (error) {
    tell(messageOf(error))
    throw fault === undefined
      ? requestFailure(url, error, {peer, trust, hasSystem: system.length > 0})
      : new UnreadableAnswerError(url, fault)
  }
}

const agentOf = (
  {url}: HttpProxy,
  {timeoutMs, deadline, trusting}: {timeoutMs: number; deadline: Deadline; trusting: Trusting | undefined},
): ProxyAgent => {
  const limitMs = Math.max(1, Math.min(PROXY_TIMEOUT_MS, timeoutMs - PROXY_MARGIN_MS))
  return new ProxyAgent(url, deadlineIn(limitMs, deadline.signal), trusting?.secureContext)
}

const parseAnswer = ({statusCode, body, headers}: Response<Buffer>): JsonAnswer => {
  const date = parseHttpDate(headers.date)
  return {
    status: statusCode,
    json: parseJson(body),
    date,
    retryAfterSeconds: parseRetryAfter(headers['retry-after'], date),
  }
}
