import type Database from 'libsql'
import type {Store, StoredWorkspace} from './store.ts'

interface Row {
  readonly id: number
  readonly title: string
  readonly custom_title: string | null
  readonly interim_state: StoredWorkspace['interimState']
  readonly current_state: StoredWorkspace['currentState']
  readonly is_being_removed: number
  readonly created_at: number
}

/** The workspaces of this server, in the order in which they were made. */
export function workspaceTable(database: Database.Database): Store['workspaces'] {
  const all = database.prepare('SELECT * FROM workspaces ORDER BY id')
  const byId = database.prepare('SELECT * FROM workspaces WHERE id = ?')
  const byTitle = database.prepare('SELECT * FROM workspaces WHERE title = ?')
  const insert = database.prepare(
    `INSERT INTO workspaces (title, custom_title, current_state, created_at) VALUES (?, ?, 'stopped', ?)`,
  )
  const setState = database.prepare(
    'UPDATE workspaces SET interim_state = ?, current_state = ?, is_being_removed = 0 WHERE id = ?',
  )
  const setBeingRemoved = database.prepare(
    `UPDATE workspaces SET interim_state = 'stopping', current_state = 'running', is_being_removed = 1 WHERE id = ?`,
  )
  const remove = database.prepare('DELETE FROM workspaces WHERE id = ?')
  return {
    list: () => (all.all() as Row[]).map(workspaceOf),
    get: (id) => workspaceOfRow(byId.get(id)),
    byTitle: (title) => workspaceOfRow(byTitle.get(title)),
    create({title, customTitle}, now) {
      const {lastInsertRowid} = insert.run(title, customTitle, now.getTime())
      return workspaceOf(byId.get(Number(lastInsertRowid)) as Row)
    },
    setState: (id, {interimState, currentState}) => void setState.run(interimState, currentState, id),
    setBeingRemoved: (id) => void setBeingRemoved.run(id),
    delete: (id) => void remove.run(id),
  }
}

const workspaceOfRow = (row: unknown): StoredWorkspace | undefined =>
  row === undefined ? undefined : workspaceOf(row as Row)

const workspaceOf = (row: Row): StoredWorkspace => ({
  id: row.id,
  title: row.title,
  customTitle: row.custom_title,
  interimState: row.interim_state,
  currentState: row.current_state,
  isBeingRemoved: row.is_being_removed === 1,
  createdAt: new Date(row.created_at),
})
