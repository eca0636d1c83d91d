import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {RuncodeError} from '../core/errors.ts'
import {FileError, makePrivateFolder, removeWhole, writeWhole} from '../core/files.ts'

/** Copies that are kept of one file. */
const KEPT = 20

/** There is no copy of that name, or none at all. */
export class NoBackupError extends RuncodeError {
  constructor(path: string, which: string | undefined, names: readonly string[]) {
    super(`There is no copy${which === undefined ? '' : ` "${which}"`} of ${path}.`, {
      code: 'not_found',
      hint:
        names.length === 0
          ? 'A copy is kept each time that config-ssh changes the file.'
          : `There is: ${names.toReversed().join(', ')}.`,
      facts: {path, backups: names},
    })
  }
}

/** Keeps a copy of a file as it is before a change, and gives its path. Only under the lock of the file. */
export async function keepBackup(folder: string, text: string, now: Date): Promise<string> {
  await makePrivateFolder(folder)
  const path = join(folder, now.toISOString().replaceAll(':', '-'))
  await writeWhole(path, Buffer.from(text, 'latin1'))
  for (const old of (await listBackups(folder)).slice(0, -KEPT)) await removeWhole(join(folder, old))
  return path
}

/** The names of all copies, the oldest first: the moment of each, in UTC. */
export async function listBackups(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z$/.test(name)).toSorted()
}

/** The newest copy, or the newest whose name begins with `which`. Throws NoBackupError. */
export async function readBackup(
  folder: string,
  which: string | undefined,
  path: string,
): Promise<{readonly name: string; readonly text: string}> {
  const names = await listBackups(folder)
  const name = names.findLast((one) => one.startsWith(which ?? ''))
  if (name === undefined) throw new NoBackupError(path, which, names)
  try {
    return {name, text: (await readFile(join(folder, name))).toString('latin1')}
  } catch (error) {
    throw new FileError('read', join(folder, name), error)
  }
}
