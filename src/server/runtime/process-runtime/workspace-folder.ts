import {mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {RuncodeError} from '../../../core/errors.ts'
import {makePrivateFolder} from '../../../core/files.ts'
import type {RuntimeWorkspace} from '../runtime.ts'

/** Where a workspace lives on this machine, absolute. */
export interface WorkspaceFolder {
  readonly root: string
  readonly home: string
  /** The project directory. */
  readonly workdir: string
  readonly temporary: string
}

/** A title that is no name of a folder. The control plane makes titles; this is the last door before the disk. */
export class BadTitleError extends RuncodeError {
  constructor(title: string) {
    super(`The title ${JSON.stringify(title)} cannot name a workspace.`, {code: 'bad_request'})
  }
}

/** The folders of a workspace below `folder`; nothing is made. Throws BadTitleError. */
export function workspaceFolder(folder: string, {title}: RuntimeWorkspace): WorkspaceFolder {
  if (!/^[a-z0-9-]{1,64}$/.test(title)) throw new BadTitleError(title)
  const root = join(folder, title)
  const home = join(root, 'home')
  return {root, home, workdir: join(home, 'workspace'), temporary: join(root, 'tmp')}
}

/** Makes what is missing. Only the root must be ours alone; what its user does with modes and links inside is not our business. */
export async function makeWorkspaceFolder({root, workdir, temporary}: WorkspaceFolder): Promise<void> {
  await makePrivateFolder(root)
  await mkdir(workdir, {recursive: true, mode: 0o700})
  await mkdir(temporary, {recursive: true, mode: 0o700})
}
