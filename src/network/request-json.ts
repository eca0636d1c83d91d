import {readFile} from 'node:fs/promises'
import type {ClientRequest} from 'node:http'
import {rootCertificates} from 'node:tls'
import got, {type Response} from 'got'
import type {Deadline} from '../core/deadline.ts'
import {messageOf} from '../core/errors.ts'
import {FileError} from '../core/files.ts'
import {trace} from '../core/trace.ts'
import {parseHttpDate, parseRetryAfter} from './http-fields.ts'
import {InsecureBaseError} from './https-url.ts'
import {requestFailure, UnreadableAnswerError} from './network-error.ts'
import {parseJson} from './parse-json.ts'

/** No answer of a control plane is larger than this. */
const LIMIT_BYTES = 8 << 20
const TIMEOUT_MS = 20_000

export interface JsonRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly url: URL
  readonly authorization: string | undefined
  readonly body?: Readonly<Record<string, unknown>> | undefined
  readonly trust: Trust
  readonly deadline: Deadline
}

/** Whom to believe. A profile's CA file replaces the built-in roots; an added one stands beside them. */
export interface Trust {
  readonly caFile: string | undefined
  readonly addedCaFile: string | undefined
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
 * cannot follow one. Gives every HTTP status; throws NetworkError, UnreadableAnswerError, InsecureBaseError.
 */
export async function requestJson({
  method,
  url,
  authorization,
  body,
  trust,
  deadline,
}: JsonRequest): Promise<JsonAnswer> {
  if (url.protocol !== 'https:') throw new InsecureBaseError(`The address ${url.origin}`, 'is not https')
  const authorities = await readAuthorities(trust)
  const request = got(url, {
    method,
    headers: {
      accept: 'application/json',
      'user-agent': 'runcode-cli',
      ...(authorization === undefined ? {} : {authorization}),
    },
    ...(body === undefined ? {} : {json: body}),
    https: {rejectUnauthorized: true, ...(authorities === undefined ? {} : {certificateAuthority: authorities})},
    retry: {limit: 0},
    followRedirect: false,
    throwHttpErrors: false,
    timeout: {request: Math.max(1, Math.min(TIMEOUT_MS, deadline.remainingMs()))},
    signal: deadline.signal,
    responseType: 'buffer',
  })
  let fault: string | undefined
  const giveUp = (what: string): void => {
    fault = what
    request.cancel()
  }
  request.on('downloadProgress', ({transferred}: {transferred: number}) => {
    if (transferred > LIMIT_BYTES) giveUp(`is larger than ${LIMIT_BYTES >> 20} MiB`)
  })
  // got listens for a 101, so that Node hands the connection over, and then nobody ends it.
  request.on('request', (sent: ClientRequest) =>
    sent.once('upgrade', (_answer, socket) => {
      socket.destroy()
      giveUp('turns to another protocol')
    }),
  )
  const began = performance.now()
  const tell = (end: string | number): void =>
    trace('request', () => ({
      method,
      origin: url.origin,
      path: url.pathname,
      end,
      ms: Math.round(performance.now() - began),
    }))
  try {
    const answer = await request
    tell(answer.statusCode)
    return parseAnswer(answer)
  } catch (error) {
    tell(messageOf(error))
    throw fault === undefined ? requestFailure(url, error) : new UnreadableAnswerError(url, fault)
  }
}

const readAuthorities = async ({caFile, addedCaFile}: Trust): Promise<string[] | undefined> => {
  if (caFile === undefined && addedCaFile === undefined) return undefined
  const own = caFile === undefined ? [...rootCertificates] : [await readCa(caFile)]
  return addedCaFile === undefined ? own : [...own, await readCa(addedCaFile)]
}

const readCa = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    throw new FileError('read', path, error)
  })

const parseAnswer = ({statusCode, body, headers}: Response<Buffer>): JsonAnswer => {
  const date = parseHttpDate(headers.date)
  return {
    status: statusCode,
    json: parseJson(body),
    date,
    retryAfterSeconds: parseRetryAfter(headers['retry-after'], date),
  }
}
