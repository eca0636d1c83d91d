import {createHash} from 'node:crypto'
import {mkdir, readdir} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import {folderFault, removeWhole} from '../core/files.ts'
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
    const fault = faultOf(path) ?? (await prepare(folder))
    if (fault === undefined) return {path}
    faults.push(`${folder} ${fault}`)
  }
  return {path: undefined, why: faults.join('; ')}
}

const faultOf = (path: string): string | undefined => {
  if (Buffer.byteLength(path) > LONGEST_BYTES) return 'is too long for a socket'
  return canCarry(path) ? undefined : 'has characters that ssh cannot be given'
}

/**
 * Whether the folder of a control socket is ours alone: what answers in anybody else's would get our streams. It may
 * have changed since the path was chosen: /tmp and the runtime folder are emptied while we are away.
 */
export const isPrivateSocket = async (controlPath: string): Promise<boolean> =>
  (await folderFault(dirname(controlPath)).catch(() => 'is not there')) === undefined

/** Makes the folder of a control socket again where it has gone. False where there can be no socket in it. */
export const prepareSocket = async (controlPath: string): Promise<boolean> =>
  (await prepare(dirname(controlPath))) === undefined

/** Removes a control socket, and the name that ssh binds first where it was killed before it had the right one. */
export async function removeControlSocket(controlPath: string): Promise<void> {
  await removeWhole(controlPath)
  const bound = `${basename(controlPath)}.`
  for (const name of await readdir(dirname(controlPath)).catch(() => [])) {
    if (name.startsWith(bound)) await removeWhole(join(dirname(controlPath), name))
  }
}

const prepare = async (folder: string): Promise<string | undefined> => {
  try {
    await mkdir(folder, {recursive: true, mode: 0o700})
    return await folderFault(folder)
  } catch {
    return 'cannot be made'
  }
}
