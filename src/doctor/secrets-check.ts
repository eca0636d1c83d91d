import {lstat, readdir} from 'node:fs/promises'
import {join} from 'node:path'
import type {Check, Finding, Fix} from './check.ts'
import {closeToOthers} from './close-to-others.ts'

/** What holds tokens, passwords of proxies, and private keys. */
const SECRETS = ['credentials.json', 'profiles.json']
const KEY = /(?:^|\/)(?:id|id_[a-z0-9]+|identity)$/
const MOST = 10_000
const SHOWN = 3

/** Files with secrets are yours alone. */
export const secretsCheck: Check = {
  name: 'secrets',
  group: 'Folders',
  about: 'files with tokens, passwords of proxies and keys are yours, and closed to others',
  fixes: 'takes the rights of others from such a file that is yours',
  examine: async ({folders, system}): Promise<Finding> => {
    if (system.platform === 'win32') return {status: 'skip', detail: 'modes mean nothing on this system'}
    const paths = [
      ...SECRETS.map((name) => join(folders.config, name)),
      ...(await keysBelow(join(folders.state, 'sessions'))),
      ...(await keysBelow(join(folders.state, 'managed'))),
    ]
    const looked = await Promise.all(paths.map(look))
    const faults = looked.filter((one) => one !== undefined)
    if (faults.length === 0) return {status: 'ok', detail: 'closed to others'}
    return {
      status: 'fail',
      detail: faults
        .slice(0, SHOWN)
        .map(({detail}) => detail)
        .join('; '),
      hint: 'Others may have read it. Close it (chmod 600 <file>), and take a new token where one was in it.',
      fixes: faults.flatMap(({fix}) => (fix === undefined ? [] : [fix])),
    }
  },
}

const keysBelow = async (folder: string): Promise<readonly string[]> => {
  const names = await readdir(folder, {recursive: true}).catch(() => [])
  return names
    .slice(0, MOST)
    .filter((name) => KEY.test(name))
    .map((name) => join(folder, name))
}

const look = async (path: string): Promise<{readonly detail: string; readonly fix?: Fix} | undefined> => {
  const stats = await lstat(path).catch(() => undefined)
  if (stats === undefined) return undefined
  if (stats.isSymbolicLink()) return {detail: `${path} is a link`}
  if (stats.uid !== process.getuid?.()) return {detail: `${path} belongs to another user`}
  if ((stats.mode & 0o077) === 0) return undefined
  return {detail: `${path} is open to others`, fix: closeToOthers(path)}
}
