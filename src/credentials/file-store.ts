import {dirname, join} from 'node:path'
import {deadlineIn} from '../core/deadline.ts'
import {messageOf, RuncodeError} from '../core/errors.ts'
import {
  lstatIfThere,
  makePrivateFolder,
  readIfThere,
  refuseUnsafeFolders,
  removeHalfWritten,
  removeWhole,
  writeWhole,
} from '../core/files.ts'
import {withLock} from '../core/lock.ts'
import type {SecretKey, SecretStore, StoredSecret} from './secret-store.ts'

const VERSION = 1
const LOCK_WAIT_MS = 5000

interface Entry extends SecretKey, StoredSecret {}

/** The file of tokens is damaged. It is never overwritten in that state. */
export class DamagedCredentialsError extends RuncodeError {
  constructor(path: string, why: string) {
    super(`The file ${path} is damaged: ${why}.`, {
      code: 'file_error',
      hint: 'Remove it and log in again.',
      facts: {path},
    })
  }
}

/** Keeps secrets in `<config>/credentials.json`, mode 0600, in a folder that is ours alone. */
export function fileStore(config: string): SecretStore {
  const path = join(config, 'credentials.json')
  return {
    kind: 'file',
    place: path,
    read: async (key) => (await readEntries(path)).find(isOf(key)),
    write: ({origin, account}, secret, storedAt) =>
      change(path, (entries) => [
        ...entries.filter((one) => !isOf({origin, account})(one)),
        {origin, account, secret, storedAt},
      ]),
    remove: async (key) => {
      if ((await lstatIfThere(config)) === undefined) return false
      let wasThere = false
      await change(path, (entries) => {
        wasThere = entries.some(isOf(key))
        return entries.filter((one) => !isOf(key)(one))
      })
      return wasThere
    },
  }
}

const isOf =
  ({origin, account}: SecretKey) =>
  (entry: Entry): boolean =>
    entry.origin === origin && entry.account === account

const change = async (path: string, edit: (entries: readonly Entry[]) => readonly Entry[]): Promise<void> => {
  const folder = dirname(path)
  await makePrivateFolder(folder)
  await withLock(`${path}.lock`, deadlineIn(LOCK_WAIT_MS, new AbortController().signal), async () => {
    // What is half written holds tokens too.
    await removeHalfWritten(folder, /^credentials\.json$/)
    const tokens = edit(await readEntries(path))
    if (tokens.length === 0) await removeWhole(path)
    else await writeWhole(path, `${JSON.stringify({version: VERSION, tokens: tokens.map(toFile)}, undefined, 2)}\n`)
  })
}

const toFile = ({origin, account, secret, storedAt}: Entry) => ({
  ...{origin, account, token: secret},
  stored_at: storedAt?.toISOString(),
})

const readEntries = async (path: string): Promise<readonly Entry[]> => {
  await refuseUnsafeFolders(dirname(path))
  const text = await readIfThere(path, {mustBeOurs: true})
  if (text === undefined) return []
  try {
    return parseEntries(JSON.parse(text))
  } catch (error) {
    throw new DamagedCredentialsError(path, error instanceof SyntaxError ? 'it is no JSON' : messageOf(error))
  }
}

const parseEntries = (raw: unknown): readonly Entry[] => {
  const {version, tokens} = (raw ?? {}) as {readonly version?: unknown; readonly tokens?: unknown}
  if (version !== VERSION || !Array.isArray(tokens)) throw new TypeError('it has another form')
  return tokens.map((one: Partial<Record<keyof ReturnType<typeof toFile>, unknown>> | null) => {
    const {origin, account, token, stored_at: storedAt} = one ?? {}
    if (typeof origin !== 'string' || typeof account !== 'string' || typeof token !== 'string')
      throw new TypeError('an entry is not complete')
    if (storedAt !== undefined && (typeof storedAt !== 'string' || Number.isNaN(Date.parse(storedAt))))
      throw new TypeError('the moment of an entry is none')
    return {origin, account, secret: token, storedAt: storedAt === undefined ? undefined : new Date(storedAt)}
  })
}
