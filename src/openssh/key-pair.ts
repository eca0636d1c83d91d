import {readFile} from 'node:fs/promises'
import {messageOf} from '../core/errors.ts'
import {FileError} from '../core/files.ts'
import {run} from '../core/process.ts'
import {OpensshFailedError} from './openssh-failed.ts'
import {findProgram} from './programs.ts'

/**
 * Makes an ed25519 pair without passphrase in two files, `<path>` (0600) and `<path>.pub`, and gives the public half as
 * one line `type base64 comment`. The private half is written by ssh-keygen and read by ssh; we never hold it.
 */
export async function createKeyPair(path: string, env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<string> {
  const program = await findProgram('ssh-keygen', env)
  const {ending, stderr, timedOut} = await run(
    program,
    ['-q', '-t', 'ed25519', '-N', '', '-C', 'runcode', '-f', path],
    {
      env,
      timeoutMs: 20_000,
      signal,
    },
  )
  if (timedOut || signal?.aborted) throw new OpensshFailedError('ssh-keygen', 'timed out', stderr)
  const [, fullDisk] = /(No space left on device|Disk quota exceeded)/.exec(stderr) ?? []
  if (fullDisk !== undefined) throw new FileError('write', path, Object.assign(new Error(fullDisk), {code: 'ENOSPC'}))
  if (ending.kind !== 'exited' || ending.code !== 0) throw new OpensshFailedError('ssh-keygen', ending, stderr)
  const publicKey = await readFile(`${path}.pub`, 'utf8').catch((error: unknown) => {
    throw new OpensshFailedError('ssh-keygen', ending, messageOf(error))
  })
  return publicKey.trim()
}
