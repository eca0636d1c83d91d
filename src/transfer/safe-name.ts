import {UnsafeArchiveError} from './refusals.ts'

const DEVICES = /^(?:con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]|conin\$|conout\$)(?:\.|$)/i

/**
 * The parts of a name that a workspace gave, below the directory that is being written; none for that directory itself.
 * Throws UnsafeArchiveError for one that would lead out of it, or to something else than a file of that name here.
 */
export function splitName(name: Buffer, platform: NodeJS.Platform): readonly Buffer[] {
  if (name[0] === 0x2f) throw new UnsafeArchiveError('a name is absolute')
  if (name.includes(0)) throw new UnsafeArchiveError('a name holds a zero byte')
  const parts = split(name).filter((part) => part.length > 0 && part.toString('latin1') !== '.')
  for (const part of parts) {
    if (part.toString('latin1') === '..') throw new UnsafeArchiveError('a name leads upwards')
    if (platform === 'win32') refuseOnWindows(part)
  }
  return parts
}

/**
 * Whether a link at these parts stays below the directory that is being written: only such a link is made. It may go upwards
 * first and then down, never up again behind a name, which may be a link itself.
 */
export const staysInside = (parts: readonly Buffer[], target: Buffer): boolean => {
  if (target.length === 0 || target[0] === 0x2f || target.includes(0)) return false
  const steps = split(target)
    .map((one) => one.toString('latin1'))
    .filter((step) => step !== '' && step !== '.')
  const down = steps.findIndex((step) => step !== '..')
  const ups = down === -1 ? steps.length : down
  return ups < parts.length && !steps.slice(ups).includes('..')
}

const split = (name: Buffer): readonly Buffer[] => {
  const parts: Buffer[] = []
  for (let at = 0; at <= name.length; ) {
    const slash = name.indexOf(0x2f, at)
    const end = slash === -1 ? name.length : slash
    parts.push(name.subarray(at, end))
    at = end + 1
  }
  return parts
}

/** Names of devices, streams of a file, and what Windows drops at the end of a name. */
const refuseOnWindows = (part: Buffer): void => {
  const name = part.toString('utf8')
  if (!Buffer.from(name).equals(part) || /[<>:"|?*\\]|[. ]$/.test(name) || /\p{Cc}/u.test(name) || DEVICES.test(name))
    throw new UnsafeArchiveError('Windows cannot have a file of such a name')
}
