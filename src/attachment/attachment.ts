import {createHash} from 'node:crypto'
import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {RuncodeError} from '../core/errors.ts'
import {readIfThere, refuseUnsafeFolders} from '../core/files.ts'
import {parseWorkspaceId, type WorkspaceId} from '../workspace/workspace.ts'
import {ancestorsOf, bornAt, realPlace} from './place.ts'

/** Which workspace a place on this machine uses. Kept in our own folder, never read from a file in the tree. */
export interface Attachment {
  /** The real path of the tree. */
  readonly tree: string
  /** When the directory of the tree was made (`bornAt`), when it was attached. */
  readonly born: string
  readonly account: string
  readonly origin: string
  readonly workspaceId: WorkspaceId
  readonly title: string
}

/** An attachment of the place that we are in. */
export interface FoundAttachment extends Attachment {
  /** Another directory is at this path now than the one that was attached. */
  readonly isReplaced: boolean
}

/** The attachment of a place can't be understood. What is attached further up is no answer: nobody chose it for here. */
export class DamagedAttachmentError extends RuncodeError {
  constructor(tree: string, path: string) {
    super(`What is attached to ${tree} cannot be told: the file ${path} is damaged.`, {
      code: 'file_error',
      hint: 'Attach a workspace again (runcode connect <workspace>), or remove that file.',
      facts: {path, tree},
    })
  }
}

/** The folder of all attachments. */
export const attachmentsFolder = (state: string): string => join(state, 'attachments')
/**
 * The file of the attachment of one tree: its path in hex, or a hash of it where that would be too long for a name. Not
 * always the hash, which a command would have to load Node's crypto for.
 */
export const fileOf = (state: string, tree: string): string => {
  const bytes = Buffer.from(tree, 'utf8')
  const name = bytes.length > LONGEST_BYTES ? createHash('sha256').update(bytes).digest('hex') : bytes.toString('hex')
  return join(attachmentsFolder(state), `${name}.json`)
}

/** With what is put behind it while it is written, short enough for every file system, those that encrypt names too (143). */
const LONGEST_BYTES = 56

/**
 * The attachment of the nearest place around `cwd`. Throws NoPlaceError, DamagedAttachmentError, and UnsafeFolderError
 * where others could have written it.
 */
export async function findAttachment(state: string, cwd: string): Promise<FoundAttachment | undefined> {
  const places = ancestorsOf(await realPlace(cwd))
  await refuseUnsafeFolders(state, attachmentsFolder(state))
  for (const folder of places) {
    const path = fileOf(state, folder)
    const text = await readIfThere(path)
    if (text === undefined) continue
    const attachment = parseAttachment(text)
    if (attachment?.tree !== folder) throw new DamagedAttachmentError(folder, path)
    const born = await bornAt(folder)
    const isTold = born !== '0' && attachment.born !== '0'
    return {...attachment, isReplaced: isTold && born !== attachment.born}
  }
  return undefined
}

/** Every attachment on this machine that can be understood. Throws UnsafeFolderError where others could have written them. */
export async function listAttachments(state: string): Promise<readonly Attachment[]> {
  await refuseUnsafeFolders(state, attachmentsFolder(state))
  const names = await readdir(attachmentsFolder(state)).catch(() => [])
  const found = await Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => parseAttachment((await readIfThere(join(attachmentsFolder(state), name))) ?? '')),
  )
  return found.filter((one) => one !== undefined).toSorted((a, b) => a.tree.localeCompare(b.tree))
}

const parseAttachment = (text: string): Attachment | undefined => {
  try {
    const {tree, born, account, origin, workspaceId, title} = JSON.parse(text) as Readonly<Record<string, unknown>>
    const id = parseWorkspaceId(String(workspaceId))
    const isWhole =
      typeof tree === 'string' &&
      typeof born === 'string' &&
      typeof account === 'string' &&
      typeof origin === 'string' &&
      typeof title === 'string'
    return isWhole && id !== undefined ? {tree, born, account, origin, workspaceId: id, title} : undefined
  } catch {
    return undefined
  }
}
