import {createHash} from 'node:crypto'
import {readdir, realpath, stat} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {makePrivateFolder, readIfThere, removeEmptyFolders, removeWhole, writeWhole} from '../core/files.ts'
import {parseWorkspaceId, type WorkspaceId} from '../workspace/workspace.ts'

/** Which workspace a place on this machine uses. Kept in our own folder, never read from a file in the tree. */
export interface Attachment {
  /** The real path of the tree. */
  readonly tree: string
  readonly account: string
  readonly origin: string
  readonly workspaceId: WorkspaceId
  readonly title: string
}

const attachmentsFolder = (state: string): string => join(state, 'attachments')
const fileOf = (state: string, tree: string): string =>
  join(attachmentsFolder(state), `${createHash('sha256').update(tree).digest('hex').slice(0, 32)}.json`)

/**
 * The real path of the place that a connect in `cwd` attaches: the git work tree around it, else the directory itself.
 * A home directory under git (dotfiles) is not the tree of everything below it.
 */
export async function treeOf(cwd: string, home: string): Promise<string> {
  const place = await realpath(cwd)
  const top = await realpath(home).catch(() => home)
  for (const folder of ancestorsOf(place)) {
    if (folder === top) return place
    if ((await stat(join(folder, '.git')).catch(() => undefined)) !== undefined) return folder
  }
  return place
}

/** The attachment of the nearest place around `cwd`. */
export async function findAttachment(state: string, cwd: string): Promise<Attachment | undefined> {
  for (const folder of ancestorsOf(await realpath(cwd))) {
    const attachment = await readAttachment(fileOf(state, folder))
    if (attachment?.tree === folder) return attachment
  }
  return undefined
}

export async function writeAttachment(state: string, attachment: Attachment): Promise<void> {
  await makePrivateFolder(attachmentsFolder(state))
  await writeWhole(fileOf(state, attachment.tree), `${JSON.stringify(attachment, undefined, 2)}\n`)
}

export async function removeAttachment(state: string, {tree}: Attachment): Promise<void> {
  await removeWhole(fileOf(state, tree))
  await removeEmptyFolders(attachmentsFolder(state), state)
}

/** Every attachment on this machine. */
export async function listAttachments(state: string): Promise<readonly Attachment[]> {
  const names = await readdir(attachmentsFolder(state)).catch(() => [])
  const found = await Promise.all(
    names.filter((name) => name.endsWith('.json')).map((name) => readAttachment(join(attachmentsFolder(state), name))),
  )
  return found.filter((one) => one !== undefined).toSorted((a, b) => a.tree.localeCompare(b.tree))
}

/** From the folder itself up to the root. */
const ancestorsOf = (folder: string): readonly string[] => {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...ancestorsOf(parent)]
}

const readAttachment = async (path: string): Promise<Attachment | undefined> => {
  const text = await readIfThere(path)
  return text === undefined ? undefined : parseAttachment(text)
}

/** What is on disk is disposable: a damaged attachment is none. */
const parseAttachment = (text: string): Attachment | undefined => {
  try {
    const {tree, account, origin, workspaceId, title} = JSON.parse(text) as Readonly<Record<string, unknown>>
    const id = parseWorkspaceId(String(workspaceId))
    const isWhole =
      typeof tree === 'string' && typeof account === 'string' && typeof origin === 'string' && typeof title === 'string'
    return isWhole && id !== undefined ? {tree, account, origin, workspaceId: id, title} : undefined
  } catch {
    return undefined
  }
}
