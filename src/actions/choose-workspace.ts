import {type Attachment, findAttachment, listAttachments} from '../attachment/attachment.ts'
import {type Facts, RuncodeError} from '../core/errors.ts'
import type {SessionOwner} from '../session/session.ts'
import type {Context} from './context.ts'

/** No workspace is attached to this place. */
export class NotAttachedError extends RuncodeError {
  constructor(cwd: string, elsewhere: readonly Attachment[]) {
    super(`No workspace is attached to ${cwd}.`, {
      code: 'not_attached',
      hint:
        elsewhere.length === 0
          ? 'Attach one: runcode connect <workspace>'
          : `Attach one: runcode connect <workspace>. Attached elsewhere: ${elsewhere.map(({title, tree}) => `${title} (${tree})`).join(', ')}`,
      facts: {cwd, attached_elsewhere: elsewhere.map(({tree}) => tree)},
    })
  }
}

/** Another directory was attached than the one that is at its path now; nobody chose a workspace for this one. */
export class ReplacedTreeError extends RuncodeError {
  constructor(attachment: Attachment) {
    const {tree, title} = attachment
    super(`The directory ${tree} was made anew since "${title}" was attached to it.`, {
      code: 'not_attached',
      hint: 'Attach the workspace that is meant for it now: runcode connect <workspace>. Or detach it: runcode disconnect',
      facts: {attached_to: tree, was_attached: title},
    })
  }
}

/** The attachment of a place is of another account than the one that was named. */
export class ForeignAttachmentError extends RuncodeError {
  constructor(said: string, {account, origin, title}: Attachment) {
    super(`This place is attached to "${title}" of the account "${account}" at ${origin}, but ${said}.`, {
      code: 'usage',
      hint: `Name the workspace as well (--workspace <workspace>), or say which account is meant: --profile ${account}`,
      facts: {attached_profile: account, attached_origin: origin},
    })
  }
}

/** The control plane does not know an attached workspace (any more), or not for this account. */
export class GoneWorkspaceError extends RuncodeError {
  constructor({workspaceId, title, origin, tree}: Attachment, cause: RuncodeError) {
    super(
      `The workspace "${title}" (${workspaceId}) that is attached to ${tree} is not there for this account: ${cause.message}`,
      {
        code: 'not_found',
        hint: 'Attach another one (runcode connect <workspace>), or detach it: runcode disconnect',
        facts: {...cause.facts, origin},
        cause,
      },
    )
  }
}

/** What a command line says about the workspace. */
export interface Naming {
  /** Undefined where it names none. */
  readonly workspace: string | undefined
  /** `--profile` */
  readonly profile: string | undefined
}

/** A workspace that somebody named. `profile`: an account that was named beside it, and must be that of `profile:name`. */
export interface NamedWorkspace {
  /** `flag`: on the command line. */
  readonly why: 'flag' | 'environment'
  readonly name: string
  readonly profile: string | undefined
}

/** A workspace that a command is for, and why it is this one. */
export type ChosenWorkspace = NamedWorkspace | {readonly why: 'attachment'; readonly attachment: Attachment}

/**
 * By the command line, else RUNCODE_WORKSPACE, else what is attached here. Where an account is named as well, by
 * `--profile`, else RUNCODE_PROFILE, else RUNCODE_API_BASE, it is that of the attachment, or nothing is chosen: which of
 * the two is meant is not for us to guess. Throws NotAttachedError, ReplacedTreeError, ForeignAttachmentError.
 */
export async function chooseWorkspace(context: Context, {workspace, profile}: Naming): Promise<ChosenWorkspace> {
  const {env, folders} = context
  if (workspace !== undefined) return {why: 'flag', name: workspace, profile}
  const account = profile ?? (env['RUNCODE_PROFILE'] || undefined)
  if (env['RUNCODE_WORKSPACE']) return {why: 'environment', name: env['RUNCODE_WORKSPACE'], profile: account}
  const attachment = await findAttachment(folders.state, context.cwd)
  if (attachment === undefined) throw new NotAttachedError(context.cwd, await listAttachments(folders.state))
  if (attachment.isReplaced) throw new ReplacedTreeError(attachment)
  if (account !== undefined && account !== attachment.account) {
    throw new ForeignAttachmentError(
      `${profile === undefined ? 'RUNCODE_PROFILE' : '--profile'} is "${account}"`,
      attachment,
    )
  }
  const base = account === undefined ? env['RUNCODE_API_BASE'] : undefined
  if (base && !(URL.canParse(base) && new URL(base).origin === attachment.origin)) {
    throw new ForeignAttachmentError(`RUNCODE_API_BASE is "${base}"`, attachment)
  }
  return {why: 'attachment', attachment}
}

/** A workspace that the command line names. */
export const named = (name: string, profile: string | undefined): NamedWorkspace => ({why: 'flag', name, profile})

/** Whose sessions an attachment uses. */
export const ownerOf = ({account, origin, workspaceId}: Attachment): SessionOwner => ({account, origin, workspaceId})

/** Chooses the workspace of a command and does its work; a failure of it tells which workspace was meant, and why. */
export async function withWorkspace<T>(
  context: Context,
  naming: Naming,
  work: (chosen: ChosenWorkspace) => Promise<T>,
): Promise<T> {
  const chosen = await chooseWorkspace(context, naming)
  return telling(factsOf(chosen), () => work(chosen))
}

/** Does work whose failures tell these facts as well. */
export async function telling<T>(facts: Facts, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof RuncodeError) error.tell(facts)
    throw error
  }
}

/** Asks a control plane about an attached workspace. Throws GoneWorkspaceError where it is not found. */
export async function askingFor<T>(attachment: Attachment, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof RuncodeError && error.facts['status'] === 404) throw new GoneWorkspaceError(attachment, error)
    throw error
  }
}

/** Which workspace was meant, and why, in the words of our JSON. */
export const factsOf = (chosen: ChosenWorkspace): Facts => {
  if (chosen.why !== 'attachment') return {chosen_by: chosen.why, named: chosen.name}
  const {workspaceId, title, account, tree} = chosen.attachment
  return {workspace: {id: workspaceId, title}, profile: account, chosen_by: 'attachment', attached_to: tree}
}
