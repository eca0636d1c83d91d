import {dirname} from 'node:path'
import {deadlineIn, pause} from '../../core/deadline.ts'
import {RuncodeError} from '../../core/errors.ts'
import {removeEmptyFolders} from '../../core/files.ts'
import {isSameProcess} from '../../core/process-identity.ts'
import type {ServerFacts} from '../../server/server-facts.ts'
import type {Context} from '../context.ts'
import {forgetLocalProfile} from './local-profile.ts'
import {findServer, serverRoot} from './local-server.ts'

/** For the server to end its workspaces' processes and itself; then it is killed. */
const END_LIMIT_MS = 20_000
const KILL_LIMIT_MS = 5000
const LOOK_MS = 50

/** The server would not end. */
export class ServerNotStoppedError extends RuncodeError {
  constructor(pid: number) {
    super(`The server (process ${pid}) did not end.`, {
      code: 'server_failed',
      hint: `Look at it: ps -p ${pid} -f`,
      facts: {pid},
    })
  }
}

export interface Down {
  readonly wasRunning: boolean
  /** Removed with `purge`: the server's folder. */
  readonly purged: string | undefined
}

/**
 * Ends the server and every process of its workspaces. With `purge` its data goes too: workspaces and their files, the
 * profile and its token, sessions and attachments.
 */
export async function serverDown(context: Context, {purge}: {purge: boolean}): Promise<Down> {
  const facts = await findServer(context)
  if (facts !== undefined) await context.progress.step('Stopping the server', () => end(context, facts))
  // A server that was killed could not end what ran in its workspaces.
  const {endLeftovers} = await import('../../server/end-leftovers.ts')
  await endLeftovers(serverRoot(context))
  if (!purge) return {wasRunning: facts !== undefined, purged: undefined}
  await forgetLocalProfile(context)
  const root = serverRoot(context)
  const {removeTree} = await import('../../server/remove-tree.ts')
  await removeTree(root, context.env)
  await removeOurEmptyFolders(context)
  return {wasRunning: facts !== undefined, purged: root}
}

const end = async (context: Context, facts: ServerFacts): Promise<void> => {
  if (await endWith('SIGTERM', facts, END_LIMIT_MS, context)) return
  if (await endWith('SIGKILL', facts, KILL_LIMIT_MS, context)) return
  throw new ServerNotStoppedError(facts.pid)
}

const endWith = async (
  signal: NodeJS.Signals,
  {pid, started}: ServerFacts,
  limitMs: number,
  context: Context,
): Promise<boolean> => {
  const deadline = deadlineIn(limitMs, context.interrupted)
  if (await isSameProcess(pid, started)) process.kill(pid, signal)
  while (await isSameProcess(pid, started)) {
    if (deadline.isOver() || deadline.signal.aborted) return false
    await pause(LOOK_MS, deadline.signal)
  }
  return true
}

/** `…/runcode/cli` and `…/runcode` where nothing is left in them; RunCode's other tools share the parent. */
const removeOurEmptyFolders = async ({folders}: Context): Promise<void> => {
  for (const folder of folders.sockets) await removeEmptyFolders(folder, dirname(folder))
  for (const folder of [folders.state, folders.config, folders.cache])
    await removeEmptyFolders(folder, dirname(dirname(folder)))
}
