/**
 * What to do where a connection to `host` was refused, by the words of Node or ssh: undefined where that is not this very
 * machine, or where it failed in another way. Nothing is wrong with the network then.
 */
export const hintWhereNobodyListens = (host: string, words: string): string | undefined =>
  LOOPBACK.test(host) && REFUSED.test(words)
    ? 'Nothing listens there. Where it is the server of this machine, start that: runcode server up'
    : undefined

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/
const REFUSED = /\bECONNREFUSED\b|: Connection refused$/
