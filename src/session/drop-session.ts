import {stat} from 'node:fs/promises'
import {join} from 'node:path'
import type {Deadline} from '../core/deadline.ts'
import {removeEmptyFolders, removeWhole} from '../core/files.ts'
import {withLock} from '../core/lock.ts'
import {removeControlSocket} from '../openssh/control-socket.ts'
import {stopMaster} from '../openssh/master.ts'
import {endStart} from '../openssh/master-start.ts'
import {clearCurrent, isMeant, oldGenerations, removeHalfSet} from './generations.ts'
import {forgetRefusal} from './refusal.ts'
import type {EndedOwner} from './session.ts'
import {sessionsFolder} from './session-store.ts'

/**
 * Ends every master of a workspace at once and removes all its sessions; those that another control plane gave the same
 * account for the same id are of another workspace. True where there was one.
 */
export async function dropSession(state: string, owner: EndedOwner, deadline: Deadline): Promise<boolean> {
  const folder = sessionsFolder(state, owner)
  if ((await stat(folder).catch(() => undefined)) === undefined) return false
  const dropped = await withLock(join(folder, 'lock'), deadline, async () => {
    await clearCurrent(state, owner)
    await removeHalfSet(state, owner)
    await forgetRefusal(folder)
    const generations = (await oldGenerations(state, owner)).filter(
      ({session}) => session === undefined || isMeant(session, owner),
    )
    for (const {folder: generation, session} of generations) {
      // What was about to listen on the control socket would do so behind our back. Who started it looks for the config.
      if (session !== undefined) await removeWhole(session.configFile)
      await endStart(generation)
      if (session?.controlPath !== undefined) {
        await stopMaster(session.controlPath, {now: true})
        await removeControlSocket(session.controlPath)
      }
      await removeWhole(generation)
    }
    return generations.length > 0
  })
  await removeEmptyFolders(folder, state)
  return dropped
}
