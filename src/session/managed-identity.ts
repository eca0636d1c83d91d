import {readdir, rename} from 'node:fs/promises'
import {join} from 'node:path'
import type {Deadline} from '../core/deadline.ts'
import {lstatIfThere, readIfThere, removeWhole} from '../core/files.ts'
import {LockedError, withLock} from '../core/lock.ts'
import {createKeyPair} from '../openssh/key-pair.ts'
import {parseWorkspaceId} from '../workspace/workspace.ts'
import {hasIdentity, type ManagedHost, managedHost, managedState} from './managed-host.ts'
import type {Identity} from './open-session.ts'

/** The longest that a pass of a managed host is worth, and ten minutes: a pair that nobody has used for so long goes. */
const LONGEST_IDLE_SECONDS = 41 * 60

/**
 * The pair that lies there, and a new one only where there is none: ssh may have read it already. Only under the
 * workspace's lock.
 */
export async function keepIdentity(host: ManagedHost, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Identity> {
  const {identityFile} = host
  const found = (await hasIdentity(host)) ? parsePublicKey(await readIfThere(`${identityFile}.pub`)) : undefined
  return {identityFile, publicKey: found ?? (await makePair(identityFile, env, signal))}
}

/** Removes the pair where nobody has taken a pass for it for long. Only where ssh has not read it, under the lock. */
export async function retireIdentity(host: ManagedHost, now: Date): Promise<void> {
  if (await isIdle(host, now)) await removePair(host.identityFile)
}

/**
 * Removes the pairs of managed hosts that were not used for long; their next connection makes new ones. One that is being
 * taken a pass for is left alone.
 */
export async function sweepIdentities(state: string, now: Date, deadline: Deadline): Promise<void> {
  const root = join(managedState(state), 'sessions')
  for (const account of await readdir(root).catch(() => [])) {
    for (const name of await readdir(join(root, account)).catch(() => [])) {
      const workspaceId = parseWorkspaceId(name)
      const host = workspaceId === undefined ? undefined : managedHost(state, {account, workspaceId})
      if (host === undefined || !(await isIdle(host, now))) continue
      await withLock(join(host.folder, 'lock'), deadline, () => retireIdentity(host, now)).catch(unlessLocked)
    }
  }
}

const isIdle = async ({folder, identityFile}: ManagedHost, now: Date): Promise<boolean> => {
  const [pair, pass] = await Promise.all([identityFile, join(folder, 'current')].map(lstatIfThere))
  if (pair === undefined) return false
  const usedMs = Math.max(pair.mtimeMs, pass?.mtimeMs ?? 0)
  return now.getTime() - usedMs > LONGEST_IDLE_SECONDS * 1000
}

/** Each half appears whole. The private one comes last: ssh, and we, take it for the pair. */
const makePair = async (identityFile: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string> => {
  const fresh = `${identityFile}.new`
  await removePair(fresh)
  const publicKey = await createKeyPair(fresh, env, signal)
  await rename(`${fresh}.pub`, `${identityFile}.pub`)
  await rename(fresh, identityFile)
  return publicKey
}

const removePair = async (identityFile: string): Promise<void> => {
  for (const suffix of ['', '.pub', '-cert.pub']) await removeWhole(`${identityFile}${suffix}`)
}

const parsePublicKey = (text: string | undefined): string | undefined =>
  /^ssh-ed25519 [A-Za-z0-9+/]{60,80}={0,2}(?: [\x20-\x7e]*)?$/.exec(text?.trim() ?? '')?.[0]

const unlessLocked = (error: unknown): void => {
  if (!(error instanceof LockedError)) throw error
}
