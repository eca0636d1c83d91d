import {messageOf} from '../../core/errors.ts'
import {fileStore} from '../../credentials/file-store.ts'
import {keychainStore} from '../../credentials/keychain-store.ts'
import type {Profile, ProfileName} from '../../profile/profile.ts'
import type {Context} from '../context.ts'

export interface TokenLeftovers {
  /** Where there was a token, in words; it is gone from there. */
  readonly removedFrom: readonly string[]
}

/**
 * Removes the token that a profile leaves behind, from wherever it is, and gives these places. One that can't be removed
 * is warned of: a keychain that is locked must not keep a profile for ever.
 */
export async function forgetToken(
  context: Context,
  account: ProfileName,
  {apiBase, store: kind}: Profile,
): Promise<readonly string[]> {
  const origin = originOf(apiBase)
  if (origin === undefined) return []
  const file = fileStore(context.folders.config)
  const places: string[] = []
  for (const store of kind === 'keychain' ? [keychainStore(context.env), file] : [file]) {
    try {
      if (await store.remove({origin, account})) places.push(store.place)
      else if (store.kind === 'keychain')
        context.warn(`The token for ${origin} may still be in ${store.place}: it gave none.`)
    } catch (error) {
      context.warn(`The token for ${origin} may still be in ${store.place}: ${messageOf(error)}`)
    }
  }
  return places
}

/** The origin of an address; undefined where it is none, which nobody has a token for. */
export const originOf = (address: string): string | undefined =>
  URL.canParse(address) ? new URL(address).origin : undefined
