import {createHash, randomBytes} from 'node:crypto'
import type Database from 'libsql'
import {quietly} from '../quietly.ts'
import type {Store, StoredToken} from './store.ts'

interface Row {
  readonly id: number
  readonly name: string
  readonly scope: StoredToken['scope']
  readonly created_at: number
  readonly last_used_at: number | null
}

/**
 * API tokens: `rc_` and 32 random bytes in base64url. Kept is the SHA-256; a plain hash is enough for a secret that
 * nobody can guess, and looking it up by its hash tells a clock nothing about the secret.
 */
export function tokenTable(database: Database.Database): Store['tokens'] {
  const columns = 'id, name, scope, created_at, last_used_at'
  const all = database.prepare(`SELECT ${columns} FROM tokens ORDER BY id`)
  const byId = database.prepare(`SELECT ${columns} FROM tokens WHERE id = ?`)
  const byHash = database.prepare(`SELECT ${columns} FROM tokens WHERE secret_sha256 = ?`)
  const insert = database.prepare('INSERT INTO tokens (name, scope, secret_sha256, created_at) VALUES (?, ?, ?, ?)')
  const noteUse = database.prepare('UPDATE tokens SET last_used_at = ? WHERE id = ?')
  const remove = database.prepare('DELETE FROM tokens WHERE id = ?')
  return {
    list: () => (all.all() as Row[]).map(tokenOf),
    create({name, scope}, now) {
      const secret = `rc_${randomBytes(32).toString('base64url')}`
      const {lastInsertRowid} = insert.run(name, scope, sha256(secret), now.getTime())
      return {token: tokenOf(byId.get(Number(lastInsertRowid)) as Row), secret}
    },
    verify(secret, now) {
      const row = byHash.get(sha256(secret)) as Row | undefined
      if (row === undefined) return undefined
      if (!isNoted(row, now)) quietly(() => noteUse.run(now.getTime(), row.id))
      return tokenOf(byId.get(row.id) as Row)
    },
    revoke: (id) => remove.run(id).changes > 0,
  }
}

/** Uses are noted to the minute: a client that polls does not make the disk write for each request. */
const isNoted = ({last_used_at}: Row, now: Date): boolean =>
  last_used_at !== null && Math.abs(now.getTime() - last_used_at) < 60_000

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const tokenOf = (row: Row): StoredToken => ({
  id: row.id,
  name: row.name,
  scope: row.scope,
  createdAt: new Date(row.created_at),
  lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at),
})
