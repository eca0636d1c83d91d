import {Buffer} from 'node:buffer'

/** Object identifier of the name constraints extension (RFC 5280 section 4.2.1.10). */
export const NAME_CONSTRAINTS_ID = '2.5.29.30'

/**
 * The value of a name constraints extension that permits the DNS name localhost, 127.0.0.1/32 and ::1/128 and no other
 * name of these two kinds. An address is followed by its mask (RFC 5280 section 4.2.1.10).
 */
export function loopbackOnly(): Buffer {
  const ipv4 = Buffer.from([127, 0, 0, 1, ...Array<number>(4).fill(0xff)])
  const ipv6 = Buffer.from([...Array<number>(15).fill(0), 1, ...Array<number>(16).fill(0xff)])
  const permitted = [
    der(DNS_NAME, Buffer.from('localhost', 'ascii')),
    der(IP_ADDRESS, ipv4),
    der(IP_ADDRESS, ipv6),
  ].map((name) => der(SEQUENCE, name))
  return der(SEQUENCE, der(PERMITTED_SUBTREES, Buffer.concat(permitted)))
}

const SEQUENCE = 0x30
/** permittedSubtrees [0] of NameConstraints. */
const PERMITTED_SUBTREES = 0xa0
/** dNSName [2] of GeneralName. */
const DNS_NAME = 0x82
/** iPAddress [7] of GeneralName. */
const IP_ADDRESS = 0x87

/** Tag, length, content; the short form of a length reaches 127 (X.690 section 8.1.3.4). */
const der = (tag: number, content: Buffer): Buffer => {
  if (content.length > 127) throw new RangeError(`A DER value of ${content.length} bytes needs the long form.`)
  return Buffer.concat([Buffer.from([tag, content.length]), content])
}
