import {type Deadline, deadlineIn} from '../core/deadline.ts'
import {RuncodeError} from '../core/errors.ts'
import {lstatIfThere} from '../core/files.ts'
import {BUILT_IN} from '../profile/profile.ts'
import {readProfiles} from '../profile/profile-file.ts'
import type {ControlPlane} from '../provider/control-plane.ts'
import {managedHost} from '../session/managed-host.ts'
import {sweepIdentities} from '../session/managed-identity.ts'
import {openManagedSession} from '../session/managed-session.ts'
import type {OpenedSession} from '../session/open-session.ts'
import type {SessionOwner} from '../session/session.ts'
import {isRunning, nameOf, wordFor} from '../workspace/workspace.ts'
import type {Context} from './context.ts'
import {DEFAULT_TTL_SECONDS, mintSession} from './mint-session.ts'
import {openAccountOf} from './open-account.ts'
import {accountOf, findManagedHost, gatewayOf, type ManagedGateway, type ManagedTarget, ownerOf} from './proxy.ts'

/** For the pairs of other hosts that are in use just then. */
const SWEEP_MS = 200

/** The workspace of a managed host does not run, and connecting to it starts nothing. */
export class StoppedHostError extends RuncodeError {
  constructor(name: string, state: string, word: string) {
    super(`The workspace "${name}" is ${state || 'in an unknown state'}.`, {
      code: 'conflict',
      hint: `${state === 'starting' ? 'Wait until it runs' : 'Start it'}: runcode start ${word}`,
      facts: {state},
    })
  }
}

export interface ProxyOptions {
  /** ssh waits for us and reads the key pair then; else it has read what was there before we began. */
  readonly isReadLater: boolean
  readonly deadline: Deadline
}

/**
 * The way to a managed host: by the pass at hand while it is good, else by a new one, taken once however many ask. Before
 * this returns all is on disk that ssh must find. Starts nothing, asks nothing. Throws StoppedHostError where the
 * workspace does not run, StaleHostError.
 */
export async function openManagedHost(
  context: Context,
  target: ManagedTarget,
  options: ProxyOptions,
): Promise<ManagedGateway> {
  const found = await findManagedHost(context, target)
  if (found !== undefined) return found
  const account = await accountOf(context, target)
  return gatewayOf(account, target, await takePass(context, ownerOf(account, target), {...options, user: target.user}))
}

const takePass = async (
  context: Context,
  owner: SessionOwner,
  {user, isReadLater, deadline}: ProxyOptions & {readonly user: string},
): Promise<OpenedSession> => {
  const {plane} = await openAccountOf(context, owner)
  const {state} = context.folders
  try {
    const opened = await mintSession(context, owner, plane, {
      ...{ttlSeconds: DEFAULT_TTL_SECONDS, force: false, deadline, title: user},
      open: (session) => openManagedSession(session, {isReadLater}),
    })
    if (opened.isReused) return opened
    if (!isReadLater) await warnOfCertificate(context, owner)
    // What can't be swept now is left to the next one: it must not cost anybody the connection.
    else await sweepIdentities(state, context.now().date, deadlineIn(SWEEP_MS, deadline.signal)).catch(() => undefined)
    return opened
  } catch (error) {
    throw await explainRefusal(context, owner, plane, {error, deadline})
  }
}

/** Who reads the pair first has read the certificate of before. */
const warnOfCertificate = async (context: Context, owner: SessionOwner): Promise<void> => {
  const {identityFile} = managedHost(context.folders.state, owner)
  if ((await lstatIfThere(`${identityFile}-cert.pub`)) !== undefined)
    context.warn('A new certificate was taken while ssh held the one of before. If it is refused, connect again.')
}

/** A control plane refuses a pass for what does not run with a status that has many reasons; the list tells which. */
const explainRefusal = async (
  context: Context,
  {account, workspaceId}: SessionOwner,
  plane: ControlPlane,
  {error, deadline}: {error: unknown; deadline: Deadline},
): Promise<unknown> => {
  if (!(error instanceof RuncodeError && error.code === 'conflict')) return error
  const listed = await plane.listWorkspaces(deadline).catch(() => [])
  const workspace = listed.find(({id}) => id === workspaceId)
  if (workspace === undefined || isRunning(workspace)) return error
  const {default: usual = BUILT_IN} = await readProfiles(context.folders.config)
  const prefix = account === usual ? '' : `${account}:`
  return new StoppedHostError(nameOf(workspace), workspace.state, `${prefix}${wordFor(workspace)}`)
}
