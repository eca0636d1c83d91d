import type {Deadline} from '../core/deadline.ts'
import {formatDuration} from '../core/duration.ts'
import type {ControlPlane, MintAnswer} from '../provider/control-plane.ts'
import {BadAnswerError} from '../provider/refusal.ts'
import {forgetManagedPass} from '../session/managed-session.ts'
import {type Mint, type OpenedSession, type OpenSessionOptions, openSession} from '../session/open-session.ts'
import type {Session, SessionOwner} from '../session/session.ts'
import {UnsafeBundleError} from '../workspace/connection-bundle.ts'
import type {Context} from './context.ts'
import {sshRoute} from './ssh-route.ts'

/** A pass is asked for half an hour unless the user says otherwise. */
export const DEFAULT_TTL_SECONDS = 1800
/** A control plane may round up, by this much and no more. */
const SLACK_SECONDS = 60
/** Clocks that differ by less are not worth a word. */
const SKEW_SECONDS = 60

export interface MintOptions {
  readonly ttlSeconds: number
  readonly force: boolean
  /** A session that the gateway turned away, however good it looks. */
  readonly refused?: Session | undefined
  readonly deadline: Deadline
  /** What the workspace is called, as far as we know: its title is the user of a bundle. */
  readonly title: string
  /** Where the session is kept and which key it is for; by default as openSession() has it. */
  readonly open?: (options: OpenSessionOptions) => Promise<OpenedSession>
}

/** The session for a workspace: the one at hand where it is good, else a new one from the control plane. */
export async function mintSession(
  context: Context,
  owner: SessionOwner,
  plane: ControlPlane,
  options: MintOptions,
): Promise<OpenedSession> {
  const {ttlSeconds, force, refused, deadline, title, open = openSession} = options
  const opened = await open({
    owner,
    state: context.folders.state,
    socketFolders: context.folders.sockets,
    env: context.env,
    now: context.now,
    deadline,
    force,
    refused,
    route: await sshRoute(context, owner.account),
    mint: async (publicKey) => {
      const answer = await plane.mint({id: owner.workspaceId, publicKey, ttlSeconds}, deadline)
      if (answer.bundle.user !== title) await refuseUserOfAnother(owner, plane, answer.bundle.user, deadline)
      return toMint(context, owner.origin, ttlSeconds, answer)
    },
  })
  // A gateway that may have forgotten this key has forgotten that one too.
  if (open === openSession && (force || refused !== undefined)) await forgetManagedPass(context.folders.state, owner)
  if (opened.isPinChanged)
    context.warn(`The control plane pins another host key for ${opened.session.title} than before.`)
  return opened
}

/**
 * A gateway goes by the user: one that is the title of another workspace leads there, whatever was asked for. Any other
 * unexpected user is fine: the workspace got a new title, or the service has users of another kind.
 */
const refuseUserOfAnother = async (
  {workspaceId}: SessionOwner,
  plane: ControlPlane,
  user: string,
  deadline: Deadline,
): Promise<void> => {
  const others = (await plane.listWorkspaces(deadline)).filter(({id}) => id !== workspaceId)
  const other = others.find(({title}) => title.toLowerCase() === user.toLowerCase())
  if (other !== undefined)
    throw new UnsafeBundleError('user', `is that of the workspace ${other.id}, not of ${workspaceId}`)
}

/** Lifetimes are counted on the control plane's clock, so that a wrong one here does no harm. */
const toMint = (context: Context, origin: string, ttlSeconds: number, {bundle, date, streams}: MintAnswer): Mint => {
  const here = context.now().date
  const skewSeconds = date === undefined ? 0 : (here.getTime() - date.getTime()) / 1000
  if (Math.abs(skewSeconds) > SKEW_SECONDS) {
    context.warn(
      `The clock of this machine is ${formatDuration(Math.round(Math.abs(skewSeconds) / 60) * 60)} ${skewSeconds > 0 ? 'ahead of' : 'behind'} that of the control plane.`,
    )
  }
  const serverNow = date ?? here
  const givenSeconds = (bundle.expiresAt.getTime() - serverNow.getTime()) / 1000
  if (givenSeconds <= 0) throw new BadAnswerError(origin, 'the pass that it gives is over already')
  return {bundle, serverNow, streams, lifetimeSeconds: Math.min(givenSeconds, ttlSeconds + SLACK_SECONDS)}
}
