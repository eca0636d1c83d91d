import {fsyncSync, linkSync, renameSync, statfsSync} from 'node:fs'
import {readAttributes} from './attributes.ts'
import {type Fields, uint64} from './fields.ts'
import {type Handles, MAX_HANDLES} from './handles.ts'
import {nameReply, realPath} from './name-requests.ts'
import {MAX_DATA_BYTES, MAX_PACKET_BYTES, REPLY, type Reply, STATUS} from './protocol.ts'
import {readPath} from './read-path.ts'
import {OK, RefusedError} from './refusal.ts'
import {byLink, setAttributes} from './set-attributes.ts'

/** A request beyond version 3: its version as a client wants to see it, and its answer. */
export interface Extension {
  readonly version: string
  answer(fields: Fields): Reply
}

/** Those of OpenSSH's PROTOCOL, section 4, by their name. */
export function extensions(handles: Handles, home: string): ReadonlyMap<string, Extension> {
  return new Map<string, Extension>([
    [
      'posix-rename@openssh.com',
      {
        version: '1',
        answer: (fields) => {
          renameSync(readPath(fields), readPath(fields))
          return OK
        },
      },
    ],
    [
      'hardlink@openssh.com',
      {
        version: '1',
        answer: (fields) => {
          linkSync(readPath(fields), readPath(fields))
          return OK
        },
      },
    ],
    [
      'fsync@openssh.com',
      {
        version: '1',
        answer: (fields) => {
          fsyncSync(handles.file(fields.bytes()).fd)
          return OK
        },
      },
    ],
    [
      'lsetstat@openssh.com',
      {
        version: '1',
        answer: (fields) => {
          setAttributes(byLink(readPath(fields)), readAttributes(fields))
          return OK
        },
      },
    ],
    ['statvfs@openssh.com', {version: '2', answer: (fields) => fileSystemReply(readPath(fields))}],
    ['limits@openssh.com', {version: '1', answer: () => numbersReply(LIMITS)}],
    [
      'expand-path@openssh.com',
      {version: '1', answer: (fields) => nameReply(realPath(expand(readPath(fields), home)))},
    ],
  ])
}

/** Section 4.8: of a packet, a read, a write, and open handles. */
const LIMITS = [MAX_PACKET_BYTES, MAX_DATA_BYTES, MAX_DATA_BYTES, MAX_HANDLES].map(BigInt)

const numbersReply = (numbers: readonly bigint[]): Reply => ({type: REPLY.extended, body: numbers.map(uint64)})

/** Section 4.4. What Node does not tell is 0: the id and the flags of the file system. */
const fileSystemReply = (path: Buffer): Reply => {
  const {bsize, blocks, bfree, bavail, files, ffree} = statfsSync(path, {bigint: true})
  return numbersReply([bsize, bsize, blocks, bfree, bavail, files, ffree, ffree, 0n, 0n, LONGEST_NAME_BYTES])
}

const LONGEST_NAME_BYTES = 255n

/** Section 4.9: `~` is HOME; those of other users are not looked up. */
const expand = (path: Buffer, home: string): Buffer => {
  if (path[0] !== TILDE) return path
  if (path.length > 1 && path[1] !== SLASH) throw new RefusedError(STATUS.noSuchFile, 'only ~ and ~/ are known')
  return Buffer.concat([Buffer.from(home), path.subarray(1)])
}

const TILDE = '~'.charCodeAt(0)
const SLASH = '/'.charCodeAt(0)
