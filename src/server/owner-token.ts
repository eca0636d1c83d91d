import {readIfThere, writeWhole} from '../core/files.ts'
import type {Store} from './store/store.ts'

/**
 * Sees to it that `file` (0600) holds the secret of the one owner token, one line. Where the file is missing or its
 * secret is not valid any more, owner tokens that are left over are revoked and a new one is made. Throws FileError.
 */
export async function ensureOwnerToken(store: Store, file: string, now: Date): Promise<void> {
  const kept = await readIfThere(file)
  if (kept !== undefined && store.tokens.verify(kept.trim(), now)?.scope === 'owner') return
  for (const {id, scope} of store.tokens.list()) if (scope === 'owner') store.tokens.revoke(id)
  const {token, secret} = store.tokens.create({name: 'owner', scope: 'owner'}, now)
  store.audit.record('owner_token_created', {token_id: token.id}, now)
  await writeWhole(file, `${secret}\n`)
}
