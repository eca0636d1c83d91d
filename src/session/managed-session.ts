import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import type {Deadline} from '../core/deadline.ts'
import {lstatIfThere, removeEmptyFolders, removeWhole} from '../core/files.ts'
import {withLock} from '../core/lock.ts'
import {dropSession} from './drop-session.ts'
import {clearCurrent} from './generations.ts'
import {hasIdentity, type ManagedHostName, managedHost, managedState, pinGateway} from './managed-host.ts'
import {keepIdentity, retireIdentity} from './managed-identity.ts'
import {type OpenedSession, type OpenSessionOptions, openSession} from './open-session.ts'

/**
 * As openSession(), for the stable pair of a managed host. `isReadLater`: ssh has not read the pair yet, so that an old
 * one may be replaced.
 */
export async function openManagedSession(
  options: OpenSessionOptions,
  {isReadLater}: {isReadLater: boolean},
): Promise<OpenedSession> {
  const {state, owner, env, deadline, force, now} = options
  const host = managedHost(state, owner)
  const opened = await openSession({
    ...options,
    // Its config is nobody's: what ssh goes by is the entry.
    route: [],
    state: managedState(state),
    socketFolders: [],
    force: force || !(await hasIdentity(host)),
    identity: async () => {
      if (isReadLater) await retireIdentity(host, now().date)
      await removeWhole(`${host.identityFile}-cert.pub`)
      return keepIdentity(host, env, deadline.signal)
    },
  })
  await pinGateway(host, opened.session.hostKeys)
  return opened
}

/**
 * Forgets the pass of a managed host: its gateway may not know the key any more, and nobody can tell ours, who hands the
 * connection over before it is tried. The next connection takes a new one for the same key.
 */
export const forgetManagedPass = (state: string, owner: ManagedHostName): Promise<void> =>
  clearCurrent(managedState(state), {...owner, origin: undefined})

/** Takes away the pair and the passes of a managed host that has no entry any more, and with the last host the logs. */
export async function removeManagedHost(state: string, owner: ManagedHostName, deadline: Deadline): Promise<void> {
  const {folder} = managedHost(state, owner)
  const root = managedState(state)
  if ((await lstatIfThere(folder)) !== undefined) {
    await withLock(join(folder, 'lock'), deadline, async () => {
      for (const name of await readdir(folder))
        if (/^(?:id_ed25519|known_hosts)\b/.test(name)) await removeWhole(join(folder, name))
    })
    await dropSession(root, {...owner, origin: undefined}, deadline)
  }
  if ((await lstatIfThere(join(root, 'sessions'))) === undefined) await removeWhole(join(root, 'logs'))
  await removeEmptyFolders(root, state)
}
