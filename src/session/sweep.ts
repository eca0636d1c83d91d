import {removeWhole} from '../core/files.ts'
import {isMasterAlive, stopMaster} from '../openssh/master.ts'
import {type Now, remainingSeconds, type SessionOwner} from './session.ts'
import {oldGenerations, removeHalfWritten} from './session-store.ts'

/**
 * Clears away generations that are not current; only under the workspace's lock. Their masters take no new clients.
 * Files go when no master runs and either the pass is over or the generation was never finished.
 */
export async function sweepGenerations(state: string, owner: SessionOwner, now: Now): Promise<void> {
  await removeHalfWritten(state, owner)
  for (const {folder, session} of await oldGenerations(state, owner)) {
    const {controlPath} = session ?? {}
    if (controlPath !== undefined && (await isMasterAlive(controlPath))) {
      await stopMaster(controlPath, {now: false})
      if (await isMasterAlive(controlPath)) continue
    }
    if (session !== undefined && remainingSeconds(session, now) > 0) continue
    if (controlPath !== undefined) await removeWhole(controlPath)
    await removeWhole(folder)
  }
}
