import {readFile} from 'node:fs/promises'
import {rootCertificates} from 'node:tls'
import got, {type Response} from 'got'
import type {Deadline} from '../core/deadline.ts'
import {messageOf, RuncodeError, systemCode} from '../core/errors.ts'
import {FileError} from '../core/files.ts'
import {InsecureBaseError} from './https-url.ts'

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
  /** The parsed body, or undefined where it is no JSON. */
  readonly json: unknown
  /** The service's own clock when it answered; undefined where it did not say (RFC 9110 section 6.6.1). */
  readonly date: Date | undefined
  /** Seconds of a Retry-After header (RFC 9110 section 10.2.3). */
  readonly retryAfterSeconds: number | undefined
}

/** A service could not be reached, or broke off. */
export class NetworkError extends RuncodeError {
  constructor(url: URL, cause: unknown) {
    super(`Could not reach ${url.origin}: ${reasonOf(cause)}`, {
      code: 'network',
      hint: hintFor(cause),
      facts: {origin: url.origin},
      cause,
    })
  }
}

/** The answer is larger than any honest one. */
export class TooLargeAnswerError extends RuncodeError {
  constructor(url: URL) {
    super(`${url.origin} sent an answer of more than ${LIMIT_BYTES >> 20} MiB.`, {
      code: 'bad_answer',
      facts: {origin: url.origin},
    })
  }
}

/**
 * One request over https, never repeated, never redirected: a redirect is an answer like any other, so that a token
 * cannot follow one. Gives every HTTP status; throws NetworkError, TooLargeAnswerError, InsecureBaseError.
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
    responseType: 'text',
  })
  let isTooLarge = false
  request.on('downloadProgress', ({transferred}: {transferred: number}) => {
    if (transferred <= LIMIT_BYTES) return
    isTooLarge = true
    request.cancel()
  })
  try {
    return parseAnswer(await request)
  } catch (error) {
    throw isTooLarge ? new TooLargeAnswerError(url) : new NetworkError(url, error)
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

const parseAnswer = ({statusCode, body, headers}: Response<string>): JsonAnswer => {
  const date = new Date(headers.date ?? Number.NaN)
  const retryAfter = headers['retry-after']
  return {
    status: statusCode,
    json: parseJson(body),
    date: Number.isNaN(date.getTime()) ? undefined : date,
    retryAfterSeconds: retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : undefined,
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Happy Eyeballs reports all its attempts in an AggregateError with an empty message; got wraps what Node threw. */
const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  if (cause instanceof AggregateError) return [...new Set(cause.errors.map(messageOf))].join('; ')
  return messageOf(cause)
}

const hintFor = (error: unknown): string => {
  const code = systemCode(error) ?? ''
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'Check the name of the control plane, and that this machine is online.'
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return 'The certificate was signed by nobody we trust. Name its CA in RUNCODE_CA_FILE, or in the profile.'
  }
  return 'Try again; "runcode doctor" tells more.'
}
