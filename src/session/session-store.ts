import {dirname, join} from 'node:path'
import {folderFault, readIfThere, refuseUnsafeFolders} from '../core/files.ts'
import type {Session, SessionOwner} from './session.ts'
import {parseSession} from './session-file.ts'

/**
 * The folder of all sessions of one workspace:
 * `<state>/sessions/<account>/<workspace id>/{current,lock,<generation>/…}`.
 */
export const sessionsFolder = (
  state: string,
  {account, workspaceId}: Pick<SessionOwner, 'account' | 'workspaceId'>,
): string => join(state, 'sessions', account, workspaceId)

/** The file that names the current generation. */
export const pointerFile = (folder: string): string => join(folder, 'current')
export const isGeneration = (name: string): boolean => /^g[0-9a-f]{24}$/.test(name)

/**
 * The current session of a workspace, fresh or not; undefined where there is none for this very control plane. Its
 * config is handed to ssh, so nobody else may have written it: throws UnsafeFolderError.
 */
export async function readCurrentSession(state: string, owner: SessionOwner): Promise<Session | undefined> {
  const folder = sessionsFolder(state, owner)
  await refuseUnsafeFolders(state, dirname(dirname(folder)), dirname(folder), folder)
  const generation = (await readIfThere(pointerFile(folder)))?.trim()
  if (generation === undefined || !isGeneration(generation)) return undefined
  const session = await readGeneration(join(folder, generation))
  return session !== undefined && isOf(session, owner) ? session : undefined
}

const isOf = (session: Session, {account, origin, workspaceId}: SessionOwner): boolean =>
  session.account === account && session.origin === origin && session.workspaceId === workspaceId

/** The session of a generation, where it was finished. */
export const readGeneration = async (folder: string): Promise<Session | undefined> => {
  const fault = await folderFault(folder).catch(() => 'is not there')
  if (fault !== undefined) return undefined
  const text = await readIfThere(join(folder, 'session.json'))
  return text === undefined ? undefined : parseSession(text, folder)
}
