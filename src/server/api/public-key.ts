/**
 * `type base64` of one line of an OpenSSH public key (sshd(8), "AUTHORIZED_KEYS FILE FORMAT", without options; its
 * comment is dropped), or undefined where it is no such line, of no allowed type, or its blob is not of that type.
 */
export function parsePublicKey(line: string): string | undefined {
  const [, type = '', base64 = ''] = /^([a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})(?: [^\r\n]*)?$/.exec(line) ?? []
  const fieldCount = FIELD_COUNTS.get(type)
  const blob = Buffer.from(base64, 'base64')
  if (fieldCount === undefined || blob.toString('base64') !== base64) return undefined
  const fields = fieldsOf(blob)
  return fields?.length === fieldCount && fields[0]?.toString('latin1') === type ? `${type} ${base64}` : undefined
}

/** The strings of each kind of blob, its type included: RFC 8709 section 4, RFC 5656 section 3.1, RFC 4253 section 6.6. Keys in hardware (sk-…) are left out, as the gateway cannot check their signatures. */
const FIELD_COUNTS: ReadonlyMap<string, number> = new Map([
  ['ssh-ed25519', 2],
  ['ecdsa-sha2-nistp256', 3],
  ['ecdsa-sha2-nistp384', 3],
  ['ecdsa-sha2-nistp521', 3],
  ['ssh-rsa', 3],
])

/** Each field is a length of four bytes and as many bytes (RFC 4251 section 5); undefined where the blob ends within one. */
const fieldsOf = (blob: Buffer): readonly Buffer[] | undefined => {
  const fields: Buffer[] = []
  for (let offset = 0; offset < blob.length; ) {
    if (offset + 4 > blob.length) return undefined
    const end = offset + 4 + blob.readUInt32BE(offset)
    if (end > blob.length) return undefined
    fields.push(blob.subarray(offset + 4, end))
    offset = end
  }
  return fields
}
