import {type ErrorCode, RuncodeError} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import {CHECK_ADDRESS} from '../network/network-error.ts'

/** The control plane said no. Its words are kept, made printable and cut. */
export class RefusedError extends RuncodeError {
  constructor(code: ErrorCode, message: string, {status, retryAfterSeconds, hint}: Refusal) {
    super(message, {
      code,
      hint: hint ?? HINTS[code],
      facts: {
        ...(status === undefined ? {} : {status}),
        ...(retryAfterSeconds === undefined ? {} : {retry_after_seconds: retryAfterSeconds}),
      },
    })
  }
}

interface Refusal {
  readonly status?: number
  readonly retryAfterSeconds?: number | undefined
  readonly hint?: string
}

/** The control plane answered with something that is not its contract. */
export class BadAnswerError extends RuncodeError {
  constructor(origin: string, why: string) {
    super(`${origin} gave an answer that cannot be understood: ${why}.`, {
      code: 'bad_answer',
      hint: CHECK_ADDRESS,
      facts: {origin},
    })
  }
}

const HINTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  bad_request: 'The control plane may be older or newer than runcode. Look at "runcode doctor".',
  forbidden: 'Ask whoever owns the workspace, or whoever runs the control plane.',
  start_failed: 'Do what it asks for, then try again.',
  stop_failed: 'See whether it runs: runcode list',
  not_found: 'See what there is (runcode list), and check the address of the control plane (runcode doctor).',
  conflict: 'It may be stopped; try: runcode connect <workspace> --start --wait',
  rate_limited: 'Wait a little, then try again.',
  http_error: 'Try again later; if it stays so, tell whoever runs the control plane.',
  unavailable: 'The service is out of order, or SSH is not enabled there. Try again later.',
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'bad_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  429: 'rate_limited',
  503: 'unavailable',
}

/** The code for an HTTP status that is not 2xx. */
export const codeOfStatus = (status: number): ErrorCode => CODES[status] ?? 'http_error'

/**
 * What a body says about itself: `message`, else `detail`, else `error`, where it is text; at most 300 characters, and
 * without the secret, which a careless service repeats.
 */
export function wordsOf(json: unknown, secret: string): string | undefined {
  const {message, detail, error} = (typeof json === 'object' && json !== null ? json : {}) as Readonly<
    Record<string, unknown>
  >
  const words = [message, detail, error].find((one) => typeof one === 'string' && one.trim() !== '') as
    | string
    | undefined
  return words === undefined ? undefined : printable(words.trim().replaceAll(secret, '[token]').slice(0, 300))
}
