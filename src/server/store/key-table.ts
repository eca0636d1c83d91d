import type Database from 'libsql'
import type {Store} from './store.ts'

interface Row {
  readonly workspace_id: number
  readonly token_id: number
  readonly public_key: string
  readonly expires_at: number
}

/** The public keys that open a workspace, each by the token that registered it. */
export function keyTable(database: Database.Database): Store['keys'] {
  const register = database.prepare(
    `INSERT INTO keys (workspace_id, token_id, public_key, expires_at) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)`,
  )
  const valid = database.prepare(
    'SELECT * FROM keys WHERE workspace_id = ? AND expires_at > ? ORDER BY public_key, token_id',
  )
  const sweep = database.prepare('DELETE FROM keys WHERE expires_at <= ?')
  const dropAll = database.prepare('DELETE FROM keys WHERE workspace_id = ?')
  return {
    register: ({workspaceId, tokenId, publicKey, expiresAt}) =>
      void register.run(workspaceId, tokenId, publicKey, expiresAt.getTime()),
    valid: (workspaceId, now) =>
      (valid.all(workspaceId, now.getTime()) as Row[]).map((row) => ({
        workspaceId: row.workspace_id,
        tokenId: row.token_id,
        publicKey: row.public_key,
        expiresAt: new Date(row.expires_at),
      })),
    sweep: (now) => void sweep.run(now.getTime()),
    dropAll: (workspaceId) => void dropAll.run(workspaceId),
  }
}
