import {messageOf, RuncodeError, systemCode} from '../core/errors.ts'
import {hintWhereNobodyListens} from '../core/nobody-listens.ts'
import {printable} from '../core/printable.ts'
import {storeOf} from './authorities.ts'
import {UnconnectedError} from './open-tunnel.ts'
import type {Peer} from './peer.ts'
import {ProxyError} from './proxy-error.ts'
import type {Way} from './request-json.ts'

/** What is known of a request besides how it failed. */
interface Surroundings {
  /** Undefined where no certificate was shown. */
  readonly peer: Peer | undefined
  readonly trust: Way
  /** Whether the authorities of the system were asked as well. */
  readonly hasSystem: boolean
}

/** A service could not be reached, could not prove who it is, or broke off. */
export class NetworkError extends RuncodeError {
  constructor(url: URL, cause: unknown, surroundings: Surroundings) {
    const {reason, hint} = faultOf(url, cause, surroundings)
    super(`Could not reach ${url.origin}: ${reason}`, {code: 'network', hint, facts: {origin: url.origin}, cause})
  }
}

/** What answers there does not speak HTTP, or says more than any honest service. */
export class UnreadableAnswerError extends RuncodeError {
  constructor(url: URL, what: string) {
    super(`${url.origin} gave an answer that ${what}.`, {
      code: 'bad_answer',
      hint: CHECK_ADDRESS,
      facts: {origin: url.origin},
    })
  }
}

/** The failure of a request by its kind: llhttp (HPE_…) and zlib (Z_…) judge what was answered, all else is the way there. */
export function requestFailure(url: URL, error: unknown, surroundings: Surroundings): RuncodeError {
  const cause = error instanceof Error ? error.cause : undefined
  const {proxy} = surroundings.trust
  if (proxy !== undefined && cause instanceof UnconnectedError) return new ProxyError(url, proxy, cause)
  const code = systemCode(error) ?? ''
  if (code.startsWith('HPE_')) return new UnreadableAnswerError(url, `is not HTTP (${code})`)
  if (code.startsWith('Z_')) return new UnreadableAnswerError(url, `is compressed wrongly (${code})`)
  return new NetworkError(url, error, surroundings)
}

const STRANGER = /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_[A-Z_]+)$/
/** Whether whoever answered was vouched for by nobody that was asked. */
export const isOfStranger = (error: unknown): boolean =>
  error instanceof NetworkError && STRANGER.test(systemCode(error.cause) ?? '')

interface Fault {
  readonly reason: string
  readonly hint: string
}

export const CHECK_ADDRESS = 'Check the address of the control plane: "runcode doctor" shows it.'
const NAME_THE_CA =
  'If it has a CA of its own, name that in RUNCODE_CA_FILE or in the profile; if not, someone else answers there.'
const TRY_AGAIN = 'Try again; "runcode doctor" tells more.'

/** By the codes of Node and OpenSSL, whose own words are for those who know them, or come from whoever answered. */
const FAULTS: readonly (Fault & {readonly codes: RegExp})[] = [
  {
    codes: /^(?:ERR_ABORTED|ETIMEDOUT)$/,
    reason: 'it gave no whole answer in time.',
    hint: TRY_AGAIN,
  },
  {
    codes: /^(?:ECONNRESET|EPIPE)$/,
    reason: 'it broke the connection off.',
    hint: TRY_AGAIN,
  },
  {
    codes: /^(?:ENOTFOUND|EAI_AGAIN)$/,
    reason: 'its name was not found.',
    hint: 'Check the name of the control plane, and that this machine is online.',
  },
  {
    codes: STRANGER,
    reason: 'its certificate was signed by nobody we trust.',
    hint: NAME_THE_CA,
  },
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    reason: 'its certificate is for another name.',
    hint: `${CHECK_ADDRESS} If it is right, someone else answers there.`,
  },
  {
    codes: /^CERT_HAS_EXPIRED$/,
    reason: 'its certificate has expired.',
    hint: 'Check the clock of this machine. If it is right, whoever runs the control plane must renew the certificate.',
  },
  {
    codes: /^CERT_NOT_YET_VALID$/,
    reason: 'its certificate is not valid yet.',
    hint: 'Check the clock of this machine.',
  },
  {
    codes: /^(?:CERT_|CRL_|ERROR_IN_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$)/,
    reason: 'its certificate cannot be believed.',
    hint: 'Whoever runs the control plane must see to its certificate, or someone else answers there.',
  },
  {
    codes: /^(?:EPROTO|ERR_SSL_[A-Z0-9_]+)$/,
    reason: 'what answers there does not speak TLS as it should.',
    hint: `The port may be one of plain HTTP, or of another service. ${CHECK_ADDRESS}`,
  },
]

const faultOf = (url: URL, error: unknown, {peer, trust, hasSystem}: Surroundings): Fault => {
  const code = systemCode(error) ?? ''
  if (STRANGER.test(code) && peer !== undefined) {
    const whom = `its certificate was signed by "${peer.issuer}", which is not among those we trust: ${storeOf(trust, hasSystem)}.`
    return {reason: whom, hint: NAME_THE_CA}
  }
  const known = FAULTS.find(({codes}) => codes.test(code))
  if (known !== undefined) return known
  const reason = wordsOf(error)
  return {reason, hint: hintWhereNobodyListens(url.hostname, reason) ?? TRY_AGAIN}
}

/** Happy Eyeballs reports all its attempts in an AggregateError with an empty message; got wraps what Node threw. */
const wordsOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const words =
    cause instanceof AggregateError ? [...new Set(cause.errors.map(messageOf))].join('; ') : messageOf(cause)
  return printable(words).slice(0, 300)
}
