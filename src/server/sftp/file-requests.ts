import {closeSync, constants, fstatSync, lstatSync, openSync, readSync, statSync, writeSync} from 'node:fs'
import {encodeAttributes, readAttributes} from './attributes.ts'
import {bytes, type Fields} from './fields.ts'
import type {Handles} from './handles.ts'
import {MAX_DATA_BYTES, REPLY, REQUEST, type Reply, STATUS} from './protocol.ts'
import {readPath} from './read-path.ts'
import {OK, statusReply} from './refusal.ts'
import {asNumber, byDescriptor, byPath, setAttributes} from './set-attributes.ts'

/** Requests about the content and the attributes of files, by their number. */
export function fileRequests(handles: Handles): Readonly<Record<number, (fields: Fields) => Reply>> {
  // One answer is written before the next one is made.
  const content = Buffer.allocUnsafe(MAX_DATA_BYTES)
  return {
    [REQUEST.open]: (fields) => {
      const path = readPath(fields)
      const flags = systemFlags(fields.uint32())
      const {mode} = readAttributes(fields)
      handles.requireRoom()
      const fd = openSync(path, flags | constants.O_NOCTTY, mode ?? 0o666)
      return {type: REPLY.handle, body: bytes(handles.addFile({fd, isAppending: (flags & constants.O_APPEND) !== 0}))}
    },
    [REQUEST.close]: (fields) => {
      const closed = handles.take(fields.bytes())
      if ('fd' in closed) closeSync(closed.fd)
      else closed.entries.closeSync()
      return OK
    },
    [REQUEST.read]: (fields) => {
      const {fd} = handles.file(fields.bytes())
      const offset = asNumber(fields.uint64())
      // A short answer is allowed (section 6.4), and the client asks for the rest.
      const wantedBytes = Math.min(fields.uint32(), MAX_DATA_BYTES)
      const count = readSync(fd, content, 0, wantedBytes, offset)
      if (count === 0 && wantedBytes > 0) return statusReply(STATUS.endOfFile, 'End of file')
      return {type: REPLY.data, body: bytes(content.subarray(0, count))}
    },
    [REQUEST.write]: (fields) => {
      const {fd, isAppending} = handles.file(fields.bytes())
      const offset = asNumber(fields.uint64())
      const data = fields.bytes()
      for (let done = 0; done < data.length; )
        done += writeSync(fd, data, done, data.length - done, isAppending ? null : offset + done)
      return OK
    },
    [REQUEST.stat]: (fields) => attributesReply(statSync(readPath(fields), {bigint: true})),
    [REQUEST.lstat]: (fields) => attributesReply(lstatSync(readPath(fields), {bigint: true})),
    [REQUEST.fstat]: (fields) => attributesReply(fstatSync(handles.file(fields.bytes()).fd, {bigint: true})),
    [REQUEST.setstat]: (fields) => {
      setAttributes(byPath(readPath(fields)), readAttributes(fields))
      return OK
    },
    [REQUEST.fsetstat]: (fields) => {
      setAttributes(byDescriptor(handles.file(fields.bytes()).fd), readAttributes(fields))
      return OK
    },
  }
}

const attributesReply = (stats: Parameters<typeof encodeAttributes>[0]): Reply => ({
  type: REPLY.attributes,
  body: encodeAttributes(stats),
})

/** Section 6.3. */
const READ = 0x1
const WRITE = 0x2
const FLAGS: readonly (readonly [number, number])[] = [
  [0x4, constants.O_APPEND],
  [0x8, constants.O_CREAT],
  [0x10, constants.O_TRUNC],
  [0x20, constants.O_EXCL],
]

const systemFlags = (wanted: number): number => {
  const access = (wanted & WRITE) === 0 ? constants.O_RDONLY : wanted & READ ? constants.O_RDWR : constants.O_WRONLY
  return FLAGS.reduce((flags, [bit, flag]) => (wanted & bit ? flags | flag : flags), access)
}
