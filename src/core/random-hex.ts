import {randomBytes} from 'node:crypto'
import {closeSync, openSync, readSync} from 'node:fs'

/**
 * Random bytes that nobody can guess, in hex. From the system's own device where there is one (random(4)): Node's crypto
 * takes longer to load than all else that a warm exec does.
 */
export function randomHex(sizeBytes: number): string {
  return (fromDevice(sizeBytes) ?? randomBytes(sizeBytes)).toString('hex')
}

const fromDevice = (sizeBytes: number): Buffer | undefined => {
  if (process.platform === 'win32') return undefined
  try {
    const device = openSync('/dev/urandom', 'r')
    try {
      const bytes = Buffer.alloc(sizeBytes)
      return readSync(device, bytes) === sizeBytes ? bytes : undefined
    } finally {
      closeSync(device)
    }
  } catch {
    return undefined
  }
}
