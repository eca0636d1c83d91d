/** A packet that is none, after which nothing of its sender makes sense. */
export class MalformedPacketError extends Error {}

/** The fields of a packet, one after the other (RFC 4251 section 5). Each throws MalformedPacketError where the packet is over. */
export interface Fields {
  uint32(): number
  uint64(): bigint
  /** A `string`: any bytes. It is a view of the packet, to be copied by whoever keeps it. */
  bytes(): Buffer
}

export function readFields(packet: Buffer): Fields {
  let at = 0
  const take = (length: number): Buffer => {
    if (length > packet.length - at) throw new MalformedPacketError('a packet is shorter than its fields')
    at += length
    return packet.subarray(at - length, at)
  }
  return {
    uint32: () => take(4).readUInt32BE(),
    uint64: () => take(8).readBigUInt64BE(),
    bytes: () => take(take(4).readUInt32BE()),
  }
}

export const uint32 = (value: number): Buffer => {
  const field = Buffer.alloc(4)
  field.writeUInt32BE(value)
  return field
}

export const uint64 = (value: bigint): Buffer => {
  const field = Buffer.alloc(8)
  field.writeBigUInt64BE(value)
  return field
}

/** A `string`, as parts: what it holds is not copied. */
export const bytes = (value: Buffer | string): readonly [Buffer, Buffer] => {
  const content = typeof value === 'string' ? Buffer.from(value) : value
  return [uint32(content.length), content]
}
