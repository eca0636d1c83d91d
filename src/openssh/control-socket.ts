import {mkdir, readdir} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import {folderFault, removeWhole} from '../core/files.ts'

/**
 * Whether the folder of a control socket is ours alone: what answers in anybody else's would get our streams. It may
 * have changed since the path was chosen: /tmp and the runtime folder are emptied while we are away.
 */
export const isPrivateSocket = async (controlPath: string): Promise<boolean> =>
  (await folderFault(dirname(controlPath)).catch(() => 'is not there')) === undefined

/** Makes the folder of a control socket again where it has gone. False where there can be no socket in it. */
export const prepareSocket = async (controlPath: string): Promise<boolean> =>
  (await prepareFault(dirname(controlPath))) === undefined

/** Removes a control socket, and the name that ssh binds first where it was killed before it had the right one. */
export async function removeControlSocket(controlPath: string): Promise<void> {
  await removeWhole(controlPath)
  const bound = `${basename(controlPath)}.`
  for (const name of await readdir(dirname(controlPath)).catch(() => [])) {
    if (name.startsWith(bound)) await removeWhole(join(dirname(controlPath), name))
  }
}

/** Makes a folder for control sockets where there is none; why it is not ours alone, or undefined. */
export const prepareFault = async (folder: string): Promise<string | undefined> => {
  try {
    await mkdir(folder, {recursive: true, mode: 0o700})
    return await folderFault(folder)
  } catch {
    return 'cannot be made'
  }
}
