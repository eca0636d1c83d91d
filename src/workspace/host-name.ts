import {BlockList, isIP} from 'node:net'
import type {Branded} from './brand.ts'

/** A name that resolvers look up, or an address in its usual form; nothing that could be either. */
export type HostName = Branded<string, 'HostName'>

/** RFC 1123 section 2.1, with `_`, which people do use; a dot at the end is the root (RFC 1034 section 3.1). */
const NAME = /^(?=.{1,253}$)(?:(?![-.])[A-Za-z0-9_-]{1,63}(?<!-)\.)*(?![-.])[A-Za-z0-9_-]{1,63}(?<!-)\.?$/

/** inet_aton(3), which ssh's resolver tries first, takes `127.1`, `0x7f.1` and `2130706433` for addresses; others do not. */
const LIKE_A_NUMBER = /(?:^|\.)(?:0x[0-9a-f]*|\d+)\.?$/i

/**
 * The host in a text in its one form, or undefined where it is none, or means different things to different resolvers.
 * ssh, too, looks for the key of a host by that form (lower case, RFC 5952), whatever HostName says.
 */
export const parseHostName = (text: string): HostName | undefined => {
  const isName = NAME.test(text) && !LIKE_A_NUMBER.test(text)
  return (isName ? text.toLowerCase() : addressOf(text)) as HostName | undefined
}

const addressOf = (text: string): string | undefined => {
  // A zone (RFC 4007 section 11) names an interface of this machine, and "%" begins a token of ssh_config.
  if (isIP(text) !== 6 || text.includes('%')) return isIP(text) === 4 ? text : undefined
  const address = new URL(`http://[${text}]/`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? []
  if (high !== undefined && low !== undefined) return mappedAddress(Number.parseInt(high, 16), Number.parseInt(low, 16))
  // "IPv4-compatible" ones are deprecated (RFC 4291 section 2.5.5.1), and systems write them in two ways.
  return /^::(?!1$)[0-9a-f]{1,4}(?::[0-9a-f]{1,4})?$/.test(address) ? undefined : address
}

/** The IPv4 address that an IPv6 one stands for (RFC 4291 section 2.5.5.2). */
const mappedAddress = (high: number, low: number): string => [high >> 8, high & 255, low >> 8, low & 255].join('.')

/** Unspecified, loopback and link-local (RFC 6890). */
const LOCAL = new BlockList()
LOCAL.addSubnet('0.0.0.0', 8)
LOCAL.addSubnet('127.0.0.0', 8)
LOCAL.addSubnet('169.254.0.0', 16)
LOCAL.addSubnet('::', 127, 'ipv6')
LOCAL.addSubnet('fe80::', 10, 'ipv6')

/** The names of loopback: RFC 6761 section 6.3, and what systems put into their /etc/hosts. */
const LOCAL_NAME = /^(?:(?:.+\.)?localhost|(?:ip6-)?(?:localhost|loopback)[46]?(?:\.localdomain[46]?)?)\.?$/i

/** Whether a host is this machine or its own link, by its words alone: nobody is asked. */
export const isLocalHost = (host: HostName): boolean =>
  isIP(host) === 0 ? LOCAL_NAME.test(host) : LOCAL.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')
