import type Database from 'libsql'
import type {Store} from './store.ts'

interface Row {
  readonly at: number
  readonly event: string
  readonly facts: string
}

/** What happened, the latest first. The schema refuses to change a line, or to remove one before its time. */
export function auditTable(database: Database.Database): Store['audit'] {
  const insert = database.prepare('INSERT INTO audit (at, event, facts) VALUES (?, ?, ?)')
  const latest = database.prepare('SELECT at, event, facts FROM audit ORDER BY id DESC LIMIT ?')
  return {
    record: (event, facts, now) => void insert.run(now.getTime(), event, JSON.stringify(facts)),
    list: (limit) =>
      (latest.all(limit) as Row[]).map(({at, event, facts}) => ({
        at: new Date(at),
        event,
        facts: JSON.parse(facts) as Record<string, unknown>,
      })),
  }
}
