import {createHash} from 'node:crypto'
import {join} from 'node:path'
import {prepareFault} from './control-socket.ts'
import {canCarry} from './render-config.ts'

/**
 * sun_path holds 108 bytes on Linux and 104 on macOS and the BSDs, the final zero included; the master first binds
 * `<path>.<16 random characters>`.
 */
const LONGEST_BYTES = process.platform === 'linux' ? 90 : 86

/**
 * A path for the control socket of `key` in the first of `folders` that is ours alone and short enough, made where it is
 * missing; or undefined with the reason, which means no multiplexing.
 */
export async function chooseControlPath(
  folders: readonly string[],
  key: string,
): Promise<{readonly path: string} | {readonly path: undefined; readonly why: string}> {
  if (process.platform === 'win32') return {path: undefined, why: 'OpenSSH on Windows has no control sockets'}
  const name = createHash('sha256').update(key).digest('hex').slice(0, 16)
  const faults: string[] = []
  for (const folder of folders) {
    const path = join(folder, name)
    const fault = faultOf(path) ?? (await prepareFault(folder))
    if (fault === undefined) return {path}
    faults.push(`${folder} ${fault}`)
  }
  return {path: undefined, why: faults.join('; ')}
}

const faultOf = (path: string): string | undefined => {
  if (Buffer.byteLength(path) > LONGEST_BYTES) return 'is too long for a socket'
  return canCarry(path) ? undefined : 'has characters that ssh cannot be given'
}
