import {randomBytes} from 'node:crypto'
import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {folderFault, makePrivateFolder, readIfThere, removeWhole, writeWhole} from '../core/files.ts'
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

const pointerFile = (folder: string): string => join(folder, 'current')
const isGeneration = (name: string): boolean => /^g[0-9a-f]{24}$/.test(name)

/**
 * The current session of a workspace, fresh or not; undefined where there is none for this very control plane, and where
 * others could have put it there: a session says which machine is reached.
 */
export async function readCurrentSession(state: string, owner: SessionOwner): Promise<Session | undefined> {
  const folder = sessionsFolder(state, owner)
  const generation = (await readIfThere(pointerFile(folder)))?.trim()
  if (generation === undefined || !isGeneration(generation) || (await faultOf(folder)) !== undefined) return undefined
  const session = await readGeneration(join(folder, generation))
  return session !== undefined && isOf(session, owner) ? session : undefined
}

/** A folder that another process removes meanwhile is as good as none. */
const faultOf = (folder: string): Promise<string | undefined> => folderFault(folder).catch(() => 'is gone')

const isOf = (session: Session, {account, origin, workspaceId}: SessionOwner): boolean =>
  session.account === account && session.origin === origin && session.workspaceId === workspaceId

const readGeneration = async (folder: string): Promise<Session | undefined> => {
  const text = await readIfThere(join(folder, 'session.json'))
  return text === undefined ? undefined : parseSession(text, folder)
}

/** A new, empty, private folder for the next generation. */
export async function createGeneration(state: string, owner: SessionOwner): Promise<string> {
  const folder = join(sessionsFolder(state, owner), `g${randomBytes(12).toString('hex')}`)
  await makePrivateFolder(folder)
  return folder
}

/** Makes a generation, whole by now, the current one: one rename. */
export const setCurrent = (state: string, session: Session): Promise<void> =>
  writeWhole(pointerFile(sessionsFolder(state, session)), `${session.folder.slice(-25)}\n`)

/** Every generation on disk but the current one, with its session where it was finished. */
export async function oldGenerations(
  state: string,
  owner: SessionOwner,
): Promise<readonly {folder: string; session: Session | undefined}[]> {
  const folder = sessionsFolder(state, owner)
  const current = (await readIfThere(pointerFile(folder)))?.trim()
  const names = (await readdir(folder)).filter((name) => isGeneration(name) && name !== current)
  return Promise.all(
    names.map(async (name) => ({folder: join(folder, name), session: await readGeneration(join(folder, name))})),
  )
}

/** Removes what a process that was killed while it wrote left beside the generations; only under the workspace's lock. */
export async function removeHalfWritten(state: string, owner: SessionOwner): Promise<void> {
  const folder = sessionsFolder(state, owner)
  for (const name of await readdir(folder)) {
    if (/^(?:current|lock)\.[0-9a-f]{12}\.tmp$/.test(name)) await removeWhole(join(folder, name))
  }
}

/** Forgets the current session; its generation is left to the sweep. */
export const clearCurrent = (state: string, owner: SessionOwner): Promise<void> =>
  removeWhole(pointerFile(sessionsFolder(state, owner)))
