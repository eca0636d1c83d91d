import {randomBytes} from 'node:crypto'
import {lstat, open, rm} from 'node:fs/promises'
import {messageOf, RuncodeError, systemCode} from '../core/errors.ts'
import {writeWhole} from '../core/files.ts'

/** The result of a run could not be kept; nothing is run then. */
export class ResultFileError extends RuncodeError {
  constructor(path: string, cause: unknown) {
    super(`The result cannot be written to ${JSON.stringify(path)}: ${messageOf(cause)}`, {
      code: 'file_error',
      hint: 'Name a new file, or an old result, in a directory that you can write to. Nothing was run.',
      facts: {path},
      cause,
    })
  }
}

/**
 * Makes sure that a result can be written, and that no old one is there to be taken for it; gives what writes it, whole or
 * not at all, with the mode of any new file. A link, a device, a pipe or a directory is never touched. Throws
 * ResultFileError; what it gives throws FileError.
 */
export async function openResultFile(path: string): Promise<(result: object) => Promise<void>> {
  try {
    if (path === '') throw new TypeError('it has no name')
    const stats = await lstat(path).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error
    })
    if (stats?.isFile() === false) throw new TypeError('it is no regular file')
    await rm(path, {force: true})
    // The name is as long as that of the temporary file later on.
    const probe = `${path}.${randomBytes(6).toString('hex')}.tmp`
    await (await open(probe, 'wx')).close()
    await rm(probe)
  } catch (error) {
    throw new ResultFileError(path, error)
  }
  return (result) => writeWhole(path, `${JSON.stringify(result, undefined, 2)}\n`, {mode: 0o666})
}
