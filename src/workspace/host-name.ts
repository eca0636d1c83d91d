import {BlockList, isIP} from 'node:net'
import type {Branded} from './brand.ts'

/** A name that resolvers look up, or an address in its usual form; nothing that could be either. */
export type HostName = Branded<string, 'HostName'>

/** RFC 1123 section 2.1, with `_`, which people do use; a dot at the end is the root (RFC 1034 section 3.1). */
const NAME = /^(?=.{1,253}$)(?:(?![-.])[A-Za-z0-9_-]{1,63}(?<!-)\.)*(?![-.])[A-Za-z0-9_-]{1,63}(?<!-)\.?$/

/** inet_aton(3), which ssh's resolver tries first, takes `127.1`, `0x7f.1` and `2130706433` for addresses; others do not. */
const LIKE_A_NUMBER = /(?:^|\.)(?:0x[0-9a-f]*|\d+)\.?$/i

/** The host in a text, or undefined where it is none, or means different things to different resolvers. */
export const parseHostName = (text: string): HostName | undefined => {
  // A zone (RFC 4007 section 11) names an interface of this machine, and "%" begins a token of ssh_config.
  const isAddress = isIP(text) !== 0 && !text.includes('%')
  const isName = NAME.test(text) && !LIKE_A_NUMBER.test(text)
  return isAddress || isName ? (text as HostName) : undefined
}

/** Unspecified, loopback and link-local (RFC 6890), also as IPv4 in IPv6; a list of Node knows `::ffff:` by itself. */
const LOCAL = new BlockList()
LOCAL.addSubnet('0.0.0.0', 8)
LOCAL.addSubnet('127.0.0.0', 8)
LOCAL.addSubnet('169.254.0.0', 16)
LOCAL.addSubnet('::', 96, 'ipv6')
LOCAL.addSubnet('fe80::', 10, 'ipv6')

/** The names of loopback: RFC 6761 section 6.3, and what systems put into their /etc/hosts. */
const LOCAL_NAME = /^(?:(?:.+\.)?localhost|(?:ip6-)?(?:localhost|loopback)[46]?(?:\.localdomain[46]?)?)\.?$/i

/** Whether a host is this machine or its own link, by its words alone: nobody is asked. */
export const isLocalHost = (host: HostName): boolean =>
  isIP(host) === 0 ? LOCAL_NAME.test(host) : LOCAL.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')
