import {linkSync, lstatSync, readlinkSync, realpathSync, renameSync, symlinkSync, unlinkSync} from 'node:fs'
import {systemCode} from '../../core/errors.ts'
import {bytes, type Fields, uint32} from './fields.ts'
import {REPLY, REQUEST, type Reply, STATUS} from './protocol.ts'
import {readPath} from './read-path.ts'
import {OK, RefusedError} from './refusal.ts'

/** Requests about names and what they lead to, by their number. */
export const NAME_REQUESTS: Readonly<Record<number, (fields: Fields) => Reply>> = {
  [REQUEST.realpath]: (fields) => nameReply(realPath(readPath(fields))),
  [REQUEST.readlink]: (fields) => nameReply(readlinkSync(readPath(fields), {encoding: 'buffer'})),
  [REQUEST.remove]: (fields) => {
    unlinkSync(readPath(fields))
    return OK
  },
  [REQUEST.rename]: (fields) => {
    renameToFree(readPath(fields), readPath(fields))
    return OK
  },
  // OpenSSH has the two the other way round than the draft (its PROTOCOL, section 4.1), and so has every other program.
  [REQUEST.symlink]: (fields) => {
    const target = readPath(fields)
    symlinkSync(target, readPath(fields))
    return OK
  },
}

export const nameReply = (name: Buffer): Reply => ({
  type: REPLY.name,
  // Without attributes.
  body: [uint32(1), ...bytes(name), ...bytes(name), uint32(0)],
})

/** The absolute path without links; of a name that is not there yet too, which a client asks for before it makes it. */
export const realPath = (path: Buffer): Buffer => {
  try {
    return realpathSync.native(path.length === 0 ? '.' : path, {encoding: 'buffer'})
  } catch (error) {
    const name = path.subarray(path.lastIndexOf('/') + 1)
    if (systemCode(error) !== 'ENOENT' || name.length === 0 || name.equals(DOTS)) throw error
    const parent = path.subarray(0, path.length - name.length)
    const above = realpathSync.native(parent.length === 0 ? '.' : parent, {encoding: 'buffer'})
    return Buffer.concat([above, Buffer.from(above.at(-1) === SLASH ? '' : '/'), name])
  }
}

const DOTS = Buffer.from('..')
const SLASH = '/'.charCodeAt(0)

/**
 * A rename that replaces nothing, as version 3 wants (section 6.5). For a file a hard link sees to that; for a
 * directory, and where there are no hard links, a look, as in OpenSSH's server.
 */
const renameToFree = (from: Buffer, to: Buffer): void => {
  if (lstatSync(from).isFile() && isLinked(from, to)) unlinkSync(from)
  else if (lstatSync(to, {throwIfNoEntry: false}) === undefined) renameSync(from, to)
  else throw new RefusedError(STATUS.failure, 'the new name is taken')
}

/** False where this file system or this file has no hard links. */
const isLinked = (from: Buffer, to: Buffer): boolean => {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (NO_LINKS.includes(systemCode(error) ?? '')) return false
    throw error
  }
}

const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK']
