import {lookup} from 'node:dns/promises'

/** What ssh is to be told for this very machine, so that it opens a connection to nothing else. */
export const localhostName = async (): Promise<string> =>
  nameWhere(await lookup('localhost', {all: true}).catch(() => []))

/**
 * `localhost`, as whoever listens on it may be on one loopback only, where that name leads to these alone (RFC 6761 section
 * 6.3 wants it so); else the address.
 */
export const nameWhere = (found: readonly {readonly address: string}[]): string =>
  found.length > 0 && found.every(({address}) => address === '::1' || address.startsWith('127.'))
    ? 'localhost'
    : '127.0.0.1'
