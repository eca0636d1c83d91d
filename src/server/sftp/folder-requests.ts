import {type BigIntStats, lstatSync, mkdirSync, opendirSync, rmdirSync} from 'node:fs'
import {encodeAttributes, readAttributes} from './attributes.ts'
import {bytes, type Fields, uint32} from './fields.ts'
import type {Handles, OpenFolder} from './handles.ts'
import {longName} from './long-name.ts'
import {REPLY, REQUEST, type Reply, STATUS} from './protocol.ts'
import {readPath} from './read-path.ts'
import {OK, statusReply} from './refusal.ts'

/** In one answer; at 255 bytes a name, twice, they fit into a packet. */
const MAX_NAMES = 100

/** Requests about directories, by their number. */
export function folderRequests(
  handles: Handles,
  now: () => number,
): Readonly<Record<number, (fields: Fields) => Reply>> {
  return {
    [REQUEST.opendir]: (fields) => {
      const path = Buffer.from(readPath(fields))
      handles.requireRoom()
      const entries = opendirSync(path as unknown as string, {
        encoding: 'buffer' as BufferEncoding,
        bufferSize: MAX_NAMES,
      })
      return {type: REPLY.handle, body: bytes(handles.addFolder({path, entries, dots: ['.', '..']}))}
    },
    [REQUEST.readdir]: (fields) => {
      const folder = handles.folder(fields.bytes())
      const names: Buffer[] = []
      let count = 0
      for (let name = nextName(folder); name !== undefined; name = count < MAX_NAMES ? nextName(folder) : undefined) {
        const stats = statsIn(folder, name)
        if (stats === undefined) continue
        names.push(...bytes(name), ...bytes(longName(name, stats, now())), ...encodeAttributes(stats))
        count += 1
      }
      if (count === 0) return statusReply(STATUS.endOfFile, 'End of directory')
      return {type: REPLY.name, body: [uint32(count), ...names]}
    },
    [REQUEST.mkdir]: (fields) => {
      const path = readPath(fields)
      mkdirSync(path, {mode: readAttributes(fields).mode ?? 0o777})
      return OK
    },
    [REQUEST.rmdir]: (fields) => {
      rmdirSync(readPath(fields))
      return OK
    },
  }
}

const nextName = ({dots, entries}: OpenFolder): Buffer | undefined => {
  const dot = dots.shift()
  if (dot !== undefined) return Buffer.from(dot)
  // The types of Node 20 know no entries of bytes.
  return entries.readSync()?.name as unknown as Buffer | undefined
}

/** Undefined for what is gone since, or hidden. */
const statsIn = ({path}: OpenFolder, name: Buffer): BigIntStats | undefined => {
  try {
    return lstatSync(Buffer.concat([path, Buffer.from('/'), name]), {bigint: true})
  } catch {
    return undefined
  }
}
