import {type Attachment, findAttachment, listAttachments} from '../attachment/attachment.ts'
import {RuncodeError} from '../core/errors.ts'
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

/** A workspace that a command is for, and why it is this one. */
export type ChosenWorkspace =
  | {readonly why: 'flag' | 'environment'; readonly name: string}
  | {readonly why: 'attachment'; readonly attachment: Attachment}

/** By `--workspace`, else RUNCODE_WORKSPACE, else what is attached here. Throws NotAttachedError. */
export async function chooseWorkspace(
  {env, cwd, folders}: Context,
  flag: string | undefined,
): Promise<ChosenWorkspace> {
  if (flag !== undefined) return {why: 'flag', name: flag}
  const named = env['RUNCODE_WORKSPACE']
  if (named) return {why: 'environment', name: named}
  const attachment = await findAttachment(folders.state, cwd)
  if (attachment === undefined) throw new NotAttachedError(cwd, await listAttachments(folders.state))
  return {why: 'attachment', attachment}
}

/** Whose sessions an attachment uses. */
export const ownerOf = ({account, origin, workspaceId}: Attachment): SessionOwner => ({account, origin, workspaceId})
