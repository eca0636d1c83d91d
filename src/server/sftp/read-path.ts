import type {Fields} from './fields.ts'
import {STATUS} from './protocol.ts'
import {RefusedError} from './refusal.ts'

/**
 * A path as the bytes that it is on disk; names need not be UTF-8. Relative ones start in HOME, where we run. Throws
 * RefusedError for what no path can hold.
 */
export const readPath = (fields: Fields): Buffer => {
  const path = fields.bytes()
  if (path.includes(0)) throw new RefusedError(STATUS.badMessage, 'a path cannot hold a NUL')
  return path
}
