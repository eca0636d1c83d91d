import {isIP} from 'node:net'
import {RuncodeError} from '../core/errors.ts'

/** An address that must be https is not. Thrown before a token is read or a byte is sent. */
export class InsecureBaseError extends RuncodeError {
  constructor(what: string, why: string) {
    super(`${what} ${why}.`, {
      code: 'insecure_base',
      hint: 'Use an https address, also on this machine: tokens travel on it.',
    })
  }
}

/** The base address of a service: https, no user, query or fragment; without a slash at its end. Throws InsecureBaseError. */
export const parseHttpsBase = (text: string, what: string): URL => parseBase(text, what, () => false)

/**
 * The base address of the pages of a service: https, or http on this very machine, as its own server has them, whose
 * authority no browser knows. Throws InsecureBaseError.
 */
export const parseWebBase = (text: string, what: string): URL =>
  parseBase(text, what, (url) => url.protocol === 'http:' && isLoopback(url))

const parseBase = (text: string, what: string, isSafeToo: (url: URL) => boolean): URL => {
  if (!URL.canParse(text)) throw new InsecureBaseError(what, 'is not an address')
  const url = new URL(text)
  if (url.protocol !== 'https:' && !isSafeToo(url))
    throw new InsecureBaseError(what, `is not https (${url.protocol.slice(0, 20)}//…)`)
  if (url.username !== '' || url.password !== '') throw new InsecureBaseError(what, 'holds a user name or a password')
  if (url.search !== '' || url.hash !== '') throw new InsecureBaseError(what, 'holds a query or a fragment')
  url.pathname = url.pathname.replace(/\/+$/, '')
  return url
}

/** Whether an address is this machine's own: a loopback literal, or the name `localhost` (RFC 6761 section 6.3). */
export const isLoopback = ({hostname}: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
