import type {Readable, Writable} from 'node:stream'
import {bytes, type Fields, readFields, uint32, uint64} from '../../../src/server/sftp/fields.ts'

/** uint32, uint64, or a string of SFTP. */
export type Field = number | bigint | string | Buffer

/** A request without its length. */
export const request = (type: number, id: number, ...fields: readonly Field[]): Buffer =>
  Buffer.concat([Buffer.of(type), uint32(id), ...fields.flatMap(encoded)])

const encoded = (field: Field): readonly Buffer[] => {
  if (typeof field === 'number') return [uint32(field)]
  return typeof field === 'bigint' ? [uint64(field)] : bytes(field)
}

export const framed = (packet: Buffer): Buffer => Buffer.concat([uint32(packet.length), packet])

export const INIT = Buffer.concat([Buffer.of(1), uint32(3)])

/** An answer without its length. */
export interface Answer {
  readonly type: number
  readonly id: number
  readonly fields: Fields
}

export const parseAnswer = (packet: Buffer): Answer => {
  const fields = readFields(packet.subarray(1))
  return {type: packet[0] ?? -1, id: fields.uint32(), fields}
}

/** A client of an SFTP server on two streams, which asks one thing at a time. */
export interface RawSftp {
  ask(type: number, ...fields: readonly Field[]): Promise<Answer>
}

/** Sends `init` and gives the extensions of the answer as well. */
export async function openRawSftp(
  input: Writable,
  output: Readable,
): Promise<RawSftp & {readonly extensions: Readonly<Record<string, string>>}> {
  const packets = packetsOf(output)
  const next = async (): Promise<Buffer> => {
    const {value} = await packets.next()
    if (value === undefined) throw new Error('the server said nothing more')
    return value
  }
  let id = 0
  input.write(framed(INIT))
  const version = parseAnswer(await next())
  const extensions: Record<string, string> = {}
  for (;;) {
    try {
      const name = version.fields.bytes().toString()
      extensions[name] = version.fields.bytes().toString()
    } catch {
      break
    }
  }
  return {
    extensions,
    ask: async (type, ...fields) => {
      id += 1
      input.write(framed(request(type, id, ...fields)))
      const answer = parseAnswer(await next())
      if (answer.id !== id) throw new Error(`an answer to ${answer.id} came, not to ${id}`)
      return answer
    },
  }
}

async function* packetsOf(output: Readable): AsyncGenerator<Buffer> {
  let waiting = Buffer.alloc(0)
  for await (const chunk of output) {
    waiting = Buffer.concat([waiting, chunk as Buffer])
    while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32BE()) {
      const end = 4 + waiting.readUInt32BE()
      yield waiting.subarray(4, end)
      waiting = waiting.subarray(end)
    }
  }
}
