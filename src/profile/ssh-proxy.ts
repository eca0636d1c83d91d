/** As it is told in errors: what stands there instead may hold a password, and is not shown. */
export const SSH_PROXY_FORM = 'http://[user:password@]host[:port]'

/** `user` and `password` in percent-encoding; `host` a name, an IPv4 address, or an IPv6 address in brackets. */
const WORDS =
  /^http:\/\/(?:[\w.~%!$&'()*+,;=-]*(?::[\w.~%!$&'()*+,;=:-]*)?@)?(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?\/?$/

/** The address of an HTTP proxy; undefined where the text is none. A user with a colon cannot be told (RFC 7617). */
export function parseSshProxy(text: string): URL | undefined {
  if (!WORDS.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const [user, password] = [decoded(url.username), decoded(url.password)]
  const isTellable = user !== undefined && password !== undefined && !user.includes(':')
  return isTellable && !/\p{Cc}/u.test(user + password) && url.port !== '0' ? url : undefined
}

/** The text that a proxy is written as. */
export const renderSshProxy = ({href}: URL): string => href.replace(/\/$/, '')

/** The same for eyes: of a password it tells only that there is one. */
export function showSshProxy(proxy: URL): string {
  const shown = new URL(proxy)
  if (shown.password !== '') shown.password = '***'
  return renderSshProxy(shown)
}

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
