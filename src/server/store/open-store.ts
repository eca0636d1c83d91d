import {closeSync, constants, openSync} from 'node:fs'
import Database from 'libsql'
import {systemCode} from '../../core/errors.ts'
import {FileError} from '../../core/files.ts'
import {auditTable} from './audit-table.ts'
import {keyTable} from './key-table.ts'
import {migrate} from './schema.ts'
import type {Store} from './store.ts'
import {tokenTable} from './token-table.ts'
import {workspaceTable} from './workspace-table.ts'

/**
 * Opens the store in `file`, made where there is none, for this user alone. Throws FileError where it can't be opened or
 * is no database, ServerFailedError where a newer runcode made it.
 */
export function openStore(file: string): Store {
  const database = open(file)
  migrate(database, file)
  return {
    workspaces: workspaceTable(database),
    tokens: tokenTable(database),
    keys: keyTable(database),
    audit: auditTable(database),
    close: () => void database.close(),
  }
}

/** What the database refused, as a failure of its file: a full disk, a failing one. Anything else stays as it is. */
export const storeFailure = (file: string, error: unknown): unknown =>
  systemCode(error)?.startsWith('SQLITE_') ? new FileError('write', file, error) : error

/**
 * SQLite gives its -wal and -shm files the mode of the database (sqlite.org/wal.html), so that file is made first; a link
 * in its place is not followed.
 */
const open = (file: string): Database.Database => {
  try {
    closeSync(openSync(file, constants.O_WRONLY | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o600))
    const database = new Database(file, {timeout: BUSY_TIMEOUT_MS})
    database.pragma('journal_mode = WAL')
    database.pragma('foreign_keys = ON')
    return database
  } catch (error) {
    throw new FileError('read', file, error)
  }
}

/** How long a statement waits for another process that writes. */
const BUSY_TIMEOUT_MS = 5000
