import {readdir, stat} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {listAttachments} from '../../attachment/attachment.ts'
import {removeAttachment} from '../../attachment/change-attachments.ts'
import {deadlineIn} from '../../core/deadline.ts'
import {removeEmptyFolders, removeWhole} from '../../core/files.ts'
import {fileStore} from '../../credentials/file-store.ts'
import {parseProfileName} from '../../profile/profile.ts'
import {changeProfiles, readProfiles} from '../../profile/profile-file.ts'
import type {ServerFacts} from '../../server/server-facts.ts'
import {dropSession} from '../../session/drop-session.ts'
import {managedState} from '../../session/managed-host.ts'
import {removeManagedHost} from '../../session/managed-session.ts'
import {parseWorkspaceId, type WorkspaceId} from '../../workspace/workspace.ts'
import type {Context} from '../context.ts'
import {endForwardsOf} from '../ports/end-forwards.ts'
import {LOCAL_PROFILE, readOwnerToken} from './local-server.ts'

const LIMIT_MS = 10_000
const NAME = parseProfileName(LOCAL_PROFILE)

/**
 * Writes the profile of this machine's server with its token. It becomes the default only where the user has nothing
 * else: no profile and no token. Writes nothing where all is as it should be. True where it is the default now.
 */
export async function adoptLocalProfile(
  context: Context,
  {apiBase, caFile}: Pick<ServerFacts, 'apiBase' | 'caFile'>,
): Promise<boolean> {
  const {config} = context.folders
  const {default: byDefault, profiles} = await readProfiles(config)
  const before = profiles.get(NAME)
  const isOnlyAccount =
    profiles.size === 0 && !context.env['RUNCODE_TOKEN'] && !(await isThere(context.folders.legacyTokenFile))
  const chosen = byDefault ?? (isOnlyAccount ? NAME : undefined)
  const store = fileStore(config)
  const secret = await readOwnerToken(context)
  if (before !== undefined && before.apiBase !== apiBase) await store.remove({origin: before.apiBase, account: NAME})
  if ((await store.read({origin: apiBase, account: NAME}))?.secret !== secret)
    await store.write({origin: apiBase, account: NAME}, secret, context.now().date)
  if (before?.apiBase !== apiBase || before.caFile !== caFile || chosen !== byDefault) {
    const served = {provider: 'runcode', apiBase, webBase: undefined, caFile, store: 'file'} as const
    await changeProfiles(config, (now) => ({
      default: now.default ?? chosen,
      profiles: new Map(now.profiles).set(NAME, {...now.profiles.get(NAME), ...served}),
    }))
  }
  return chosen === NAME
}

/** Removes what adoptLocalProfile wrote, with every session, forwarded port and attachment of the profile. */
export async function forgetLocalProfile(context: Context): Promise<void> {
  const {config, state} = context.folders
  await endForwardsOf(context, NAME)
  for (const attachment of await listAttachments(state)) {
    if (attachment.account === NAME) await removeAttachment(state, attachment)
  }
  await dropSessions(context)
  const profile = (await readProfiles(config)).profiles.get(NAME)
  if (profile === undefined) return
  await fileStore(config).remove({origin: profile.apiBase, account: NAME})
  await changeProfiles(config, (now) => ({
    default: now.default === NAME ? undefined : now.default,
    profiles: new Map([...now.profiles].filter(([name]) => name !== NAME)),
  }))
}

const dropSessions = async (context: Context): Promise<void> => {
  const {state} = context.folders
  const deadline = deadlineIn(LIMIT_MS, context.interrupted)
  const folder = join(state, 'sessions', LOCAL_PROFILE)
  for (const workspaceId of await idsIn(folder))
    await dropSession(state, {account: LOCAL_PROFILE, origin: undefined, workspaceId}, deadline)
  await removeWhole(folder)
  await removeEmptyFolders(dirname(folder), state)
  for (const workspaceId of await idsIn(join(managedState(state), 'sessions', LOCAL_PROFILE)))
    await removeManagedHost(state, {account: LOCAL_PROFILE, workspaceId}, deadline)
}

const idsIn = async (folder: string): Promise<readonly WorkspaceId[]> =>
  (await readdir(folder).catch(() => [])).map(parseWorkspaceId).filter((id) => id !== undefined)

const isThere = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined)) !== undefined
