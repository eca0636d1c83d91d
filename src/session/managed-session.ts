import {removeWhole} from '../core/files.ts'
import {managedHost, managedState, pinGateway} from './managed-host.ts'
import {hasIdentity, keepIdentity, retireIdentity} from './managed-identity.ts'
import {type OpenedSession, type OpenSessionOptions, openSession} from './open-session.ts'
import {isFresh, type Now, type Session, type SessionOwner} from './session.ts'
import {readCurrentSession} from './session-store.ts'

/** The session of a managed host whose pass is good, with its gateway pinned; undefined where one must be taken. */
export async function readManagedSession(state: string, owner: SessionOwner, now: Now): Promise<Session | undefined> {
  const host = managedHost(state, owner)
  const session = await readCurrentSession(managedState(state), owner)
  if (session === undefined || !isFresh(session, now) || !(await hasIdentity(host))) return undefined
  await pinGateway(host, session.hostKeys)
  return session
}

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
