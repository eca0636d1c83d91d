import {extensions} from './extensions.ts'
import {bytes, type Fields, MalformedPacketError, readFields, uint32} from './fields.ts'
import {fileRequests} from './file-requests.ts'
import {folderRequests} from './folder-requests.ts'
import {createHandles} from './handles.ts'
import {NAME_REQUESTS} from './name-requests.ts'
import {REPLY, REQUEST, type Reply, STATUS} from './protocol.ts'
import {RefusedError, refusalOf} from './refusal.ts'

export interface SftpSessionOptions {
  /** Where `~` is. */
  readonly home: string
  /** Milliseconds since 1970: tells how listings show a time. */
  readonly now: () => number
}

/**
 * Gives what answers the packets of one client, in their order; the answer, as parts, is good until the next one. Throws
 * MalformedPacketError where a packet is none, or the first is not `init`.
 */
export function createSftpSession({home, now}: SftpSessionOptions): (packet: Buffer) => readonly Buffer[] {
  const handles = createHandles()
  const extended = extensions(handles, home)
  const requests: Readonly<Record<number, (fields: Fields) => Reply>> = {
    ...fileRequests(handles),
    ...folderRequests(handles, now),
    ...NAME_REQUESTS,
    [REQUEST.extended]: (fields) => {
      const extension = extended.get(fields.bytes().toString('latin1'))
      if (extension === undefined) throw UNSUPPORTED
      return extension.answer(fields)
    },
  }
  let isFirst = true

  return (packet) => {
    const type = packet[0]
    const fields = readFields(packet.subarray(1))
    if ((type === REQUEST.init) !== isFirst) throw new MalformedPacketError('a session begins with init, and once')
    if (isFirst) {
      isFirst = false
      fields.uint32()
      const names = [...extended].flatMap(([name, {version}]) => [...bytes(name), ...bytes(version)])
      return framed(REPLY.version, [uint32(VERSION), ...names])
    }
    const id = uint32(fields.uint32())
    const reply = answer(requests[type ?? 0], fields)
    return framed(reply.type, [id, ...reply.body])
  }
}

const VERSION = 3
const UNSUPPORTED = new RefusedError(STATUS.unsupported, 'this server does not know the request')

const answer = (request: ((fields: Fields) => Reply) | undefined, fields: Fields): Reply => {
  try {
    if (request === undefined) throw UNSUPPORTED
    return request(fields)
  } catch (error) {
    if (error instanceof MalformedPacketError) throw error
    return refusalOf(error)
  }
}

const framed = (type: number, body: readonly Buffer[]): readonly Buffer[] => {
  const lengthBytes = body.reduce((sum, part) => sum + part.length, 1)
  return [uint32(lengthBytes), Buffer.of(type), ...body]
}
