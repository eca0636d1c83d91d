import {fileURLToPath} from 'node:url'
import {RuncodeError} from '../core/errors.ts'
import {run} from '../core/process.ts'
import type {SecretKey, SecretStore, StoredSecret} from './secret-store.ts'

const LIMIT_MS = 2000

/** The keychain of the system did not answer, or refused. */
export class KeychainError extends RuncodeError {
  constructor(why: string, account: string) {
    super(`The keychain of this system ${why}.`, {
      code: 'keychain_failed',
      hint: `Unlock it and try again, or keep the token in a file: runcode login --store file --profile ${account}`,
    })
  }
}

/**
 * Keeps secrets in the keychain of the system (Secret Service, macOS Keychain, Windows Credential Manager). The work is
 * done in a child process that can be killed: a daemon that hangs would hold Node's own exit for most of a minute.
 */
export function keychainStore(env: NodeJS.ProcessEnv): SecretStore {
  const ask = async (operation: 'read' | 'write' | 'remove', key: SecretKey, secret?: string): Promise<Answer> => {
    const input = JSON.stringify({operation, account: `${key.account}@${key.origin}`, secret})
    // What lets Node read our sources, where it does, lets it read this one.
    const words = [...process.execArgv, fileURLToPath(new URL('./keychain-child.js', import.meta.url))]
    const {ending, stdout, timedOut} = await run(process.execPath, words, {env, input, timeoutMs: LIMIT_MS})
    if (timedOut) throw new KeychainError(`did not answer within ${LIMIT_MS / 1000} seconds`, key.account)
    if (ending.kind !== 'exited' || ending.code !== 0) throw new KeychainError('is not available', key.account)
    return JSON.parse(stdout) as Answer
  }
  return {
    kind: 'keychain',
    place: 'the keychain of this system',
    read: async (key) => {
      const {secret} = await ask('read', key)
      return secret == null ? undefined : fromEntry(secret)
    },
    write: async (key, secret, storedAt) => void (await ask('write', key, `${secret} ${storedAt.toISOString()}`)),
    remove: async (key) => (await ask('remove', key)).removed ?? false,
  }
}

/** An entry has one text: a token, which holds no blank, and behind a blank the moment when it was put there. */
const fromEntry = (text: string): StoredSecret => {
  const [, secret, moment = ''] = /^(\S+) (\S+)$/.exec(text) ?? []
  const storedAt = new Date(moment)
  return secret === undefined || Number.isNaN(storedAt.getTime())
    ? {secret: text, storedAt: undefined}
    : {secret, storedAt}
}

/** Whether the keychain works here: a real read of an entry that is not there. */
export async function isKeychainUsable(env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    await keychainStore(env).read({origin: 'https://probe.invalid', account: 'probe'})
    return true
  } catch {
    return false
  }
}

/** What the child prints. */
interface Answer {
  readonly secret?: string | null
  readonly removed?: boolean
}
