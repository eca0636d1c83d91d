import {BlockList, isIP} from 'node:net'

/**
 * Whether NO_PROXY keeps an address from the proxy, by the rules that curl, Go and others share: a name is meant with all below it,
 * with or without a dot or `*.` before it; an IP address is meant by itself or as a network (`10.0.0.0/8`); `*` is everything; a port behind a
 * colon must be that of the address. Words stand apart by commas or spaces.
 */
export function isWithoutProxy(url: URL, rules: string): boolean {
  const host = url.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase()
  const port = url.port === '' ? '443' : url.port
  return rules
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .some((word) => isMeant(host, port, word.toLowerCase()))
}

const isMeant = (host: string, port: string, word: string): boolean => {
  if (word === '*') return true
  const [, bracketed, plain, wanted] =
    /^(?:\[([^\]]*)\]|(.*?))(?::(\d+))?$/.exec(isIP(word) === 6 ? `[${word}]` : word) ?? []
  if (wanted !== undefined && wanted !== port) return false
  const rule = bracketed ?? plain ?? ''
  if (isIP(host) !== 0) return isInNetwork(host, rule)
  const name = rule.replace(/^\*?\./, '').replace(/\.$/, '')
  return name !== '' && (host === name || host.endsWith(`.${name}`))
}

const isInNetwork = (ip: string, rule: string): boolean => {
  const [address = '', bits] = rule.split('/')
  const family = isIP(address)
  if (family === 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return false
  const longest = family === 4 ? 32 : 128
  const prefix = bits === undefined ? longest : Number(bits)
  if (prefix > longest) return false
  const list = new BlockList()
  list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6')
  return list.check(ip, isIP(ip) === 4 ? 'ipv4' : 'ipv6')
}
