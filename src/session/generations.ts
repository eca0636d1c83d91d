import {randomBytes} from 'node:crypto'
import {readdir} from 'node:fs/promises'
import {basename, join} from 'node:path'
import {makePrivateFolder, readIfThere, removeHalfWritten, removeWhole, writeWhole} from '../core/files.ts'
import type {EndedOwner, Session, SessionOwner} from './session.ts'
import {isGeneration, pointerFile, readGeneration, sessionsFolder} from './session-store.ts'

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
  owner: Pick<SessionOwner, 'account' | 'workspaceId'>,
): Promise<readonly {folder: string; session: Session | undefined}[]> {
  const folder = sessionsFolder(state, owner)
  const current = (await readIfThere(pointerFile(folder)))?.trim()
  const old = (await generationFolders(state, owner)).filter((path) => basename(path) !== current)
  return Promise.all(old.map(async (path) => ({folder: path, session: await readGeneration(path)})))
}

/** The folder of every generation on disk, the current one included. */
export async function generationFolders(
  state: string,
  owner: Pick<SessionOwner, 'account' | 'workspaceId'>,
): Promise<readonly string[]> {
  const folder = sessionsFolder(state, owner)
  return (await readdir(folder)).filter(isGeneration).map((name) => join(folder, name))
}

/** Removes what a process that was killed while it wrote left beside the generations; only under the workspace's lock. */
export const removeHalfSet = (state: string, owner: Pick<SessionOwner, 'account' | 'workspaceId'>): Promise<void> =>
  removeHalfWritten(sessionsFolder(state, owner), /^(?:current|refused)$/)

export const isMeant = (session: Session, {origin}: EndedOwner): boolean =>
  origin === undefined || session.origin === origin

/**
 * Forgets the current session; its generation is left to the sweep. Not one of another control plane, where the account
 * spoke to that one before or does now.
 */
export async function clearCurrent(state: string, owner: EndedOwner): Promise<void> {
  const folder = sessionsFolder(state, owner)
  const generation = (await readIfThere(pointerFile(folder)))?.trim()
  const session =
    generation !== undefined && isGeneration(generation) ? await readGeneration(join(folder, generation)) : undefined
  if (session === undefined || isMeant(session, owner)) await removeWhole(pointerFile(folder))
}
