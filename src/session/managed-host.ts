import {join} from 'node:path'
import {lstatIfThere, readIfThere, writeWhole} from '../core/files.ts'
import type {PinnedKey} from '../openssh/known-hosts.ts'
import {isFresh, type Now, type Session, type SessionOwner} from './session.ts'
import {readCurrentSession, sessionsFolder} from './session-store.ts'

/** Which managed host is meant, whatever control plane its account speaks to. */
export type ManagedHostName = Pick<SessionOwner, 'account' | 'workspaceId'>

/**
 * What the entry of a managed host in the user's ssh_config names. These paths stay: ssh reads the pair before our
 * ProxyCommand has run, unless it waits for a socket from it (ProxyUseFdpass of ssh_config(5)).
 */
export interface ManagedHost {
  /** Holds all of it, and the passes that are taken for it. */
  readonly folder: string
  /** `IdentityFile`. ssh looks for a certificate in `<identityFile>-cert.pub` by itself. */
  readonly identityFile: string
  /** `UserKnownHostsFile` */
  readonly knownHostsFile: string
  /** `HostKeyAlias`: the one name in that file, whatever the address of the gateway is. */
  readonly alias: string
}

export const managedHost = (state: string, {account, workspaceId}: ManagedHostName): ManagedHost => {
  const folder = sessionsFolder(managedState(state), {account, workspaceId})
  return {
    folder,
    identityFile: join(folder, 'id_ed25519'),
    knownHostsFile: join(folder, 'known_hosts'),
    alias: `runcode-${account}-${workspaceId}`,
  }
}

/**
 * The words of the ProxyCommand of a managed host, behind the program: `proxy <account>/<workspace id> <user>`. They are
 * plain words for every shell. The user is the one that the entry states.
 */
export const proxyWords = ({account, workspaceId}: ManagedHostName, user: string): readonly string[] => [
  'proxy',
  `${account}/${workspaceId}`,
  user,
]

/** Passes of managed hosts are kept as others are, in a folder of their own: they have another key. */
export const managedState = (state: string): string => join(state, 'managed')

/** Whether the pair is there, whole. */
export async function hasIdentity({identityFile}: ManagedHost): Promise<boolean> {
  const [key, publicKey] = await Promise.all([identityFile, `${identityFile}.pub`].map(lstatIfThere))
  return key?.isFile() === true && publicKey?.isFile() === true
}

/** The session of a managed host whose pass is good, with its gateway pinned; undefined where one must be taken. */
export async function readManagedSession(state: string, owner: SessionOwner, now: Now): Promise<Session | undefined> {
  const host = managedHost(state, owner)
  const session = await readCurrentSession(managedState(state), owner)
  if (session === undefined || !isFresh(session, now) || !(await hasIdentity(host))) return undefined
  await pinGateway(host, session.hostKeys)
  return session
}

/** Pins the gateway of a managed host; before ssh connects. */
export async function pinGateway({knownHostsFile, alias}: ManagedHost, keys: readonly PinnedKey[]): Promise<void> {
  const text = keys.map(({type, base64}) => `${alias} ${type} ${base64}\n`).join('')
  if ((await readIfThere(knownHostsFile)) !== text) await writeWhole(knownHostsFile, text)
}
