import {FileError, removeWhole} from '../core/files.ts'
import {removeControlSocket} from '../openssh/control-socket.ts'
import {removeLogsOfTheDead} from '../openssh/logs.ts'
import {isMasterAlive, stopMaster} from '../openssh/master.ts'
import {generationFolders, oldGenerations, removeHalfSet} from './generations.ts'
import {forgetRefusal} from './refusal.ts'
import {type Now, remainingSeconds, type Session, type SessionOwner} from './session.ts'
import {sessionsFolder} from './session-store.ts'

/**
 * Clears away generations that are not current; only under the workspace's lock. Their masters take no new clients.
 * Files go when no master runs and either the pass is over or the generation was never finished. What can't be removed
 * is left to the next sweep: it must not cost anybody the new session.
 */
export async function sweepGenerations(state: string, owner: SessionOwner, now: Now): Promise<void> {
  await removeHalfSet(state, owner).catch(unlessFile)
  await forgetRefusal(sessionsFolder(state, owner)).catch(unlessFile)
  for (const folder of await generationFolders(state, owner)) await removeLogsOfTheDead(folder).catch(unlessFile)
  for (const {folder, session} of await oldGenerations(state, owner)) {
    await sweep(folder, session, now).catch(unlessFile)
  }
}

const sweep = async (folder: string, session: Session | undefined, now: Now): Promise<void> => {
  const {controlPath} = session ?? {}
  if (controlPath !== undefined && (await isMasterAlive(controlPath))) {
    await stopMaster(controlPath, {now: false})
    if (await isMasterAlive(controlPath)) return
  }
  if (session !== undefined && remainingSeconds(session, now) > 0) return
  if (controlPath !== undefined) await removeControlSocket(controlPath)
  await removeWhole(folder)
}

const unlessFile = (error: unknown): void => {
  if (!(error instanceof FileError)) throw error
}
