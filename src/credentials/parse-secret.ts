import {RuncodeError} from '../core/errors.ts'
import {keepSecret} from '../core/redact.ts'

/** The text is no token. It is not repeated in the message. */
export class InvalidTokenError extends RuncodeError {
  constructor(place: string) {
    super(`What ${place} holds is not a token.`, {
      code: 'usage',
      hint: 'A token is one line of printable ASCII without blanks.',
    })
  }
}

/** Whether a text can be a token as it is. */
export const isSecret = (text: string): boolean => /^[\x21-\x7e]{1,4096}$/.test(text)

/** A token goes into an HTTP header: visible ASCII, one line (RFC 9110 section 5.5). Throws InvalidTokenError. */
export function parseSecret(text: string, place: string): string {
  const secret = text.trim()
  if (!isSecret(secret)) throw new InvalidTokenError(place)
  keepSecret(secret)
  return secret
}
