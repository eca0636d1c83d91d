import type Database from 'libsql'
import {MAX_AUDIT_RECORDS} from '../limits.ts'
import {ServerFailedError} from '../server-failed.ts'

/** Brings the tables to this version of runcode, step by step. Throws ServerFailedError where a newer one wrote them. */
export function migrate(database: Database.Database, file: string): void {
  const version = versionOf(database)
  if (version > STEPS.length) {
    throw new ServerFailedError(`The store ${file} was written by a newer runcode.`, {
      hint: 'Use that version, or give the server another folder.',
      facts: {path: file},
    })
  }
  for (const [done, sql] of STEPS.entries()) {
    if (done >= version) database.exec(`BEGIN IMMEDIATE; ${sql} PRAGMA user_version = ${done + 1}; COMMIT;`)
  }
}

const versionOf = (database: Database.Database): number => {
  const {user_version} = database.prepare('PRAGMA user_version').get() as {user_version: number}
  return user_version
}

/** The latest record of a row's kind that is one too many. */
const LAST_TOO_MANY = (row: 'OLD' | 'NEW'): string =>
  `SELECT id FROM audit WHERE event = ${row}.event ORDER BY id DESC LIMIT 1 OFFSET ${MAX_AUDIT_RECORDS}`

/** One text for each version. AUTOINCREMENT: the id of something removed is never given out again. Times are ms. */
const STEPS = [
  `
  CREATE TABLE workspaces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL UNIQUE,
    custom_title TEXT,
    interim_state TEXT CHECK (interim_state IN ('starting', 'stopping')),
    current_state TEXT NOT NULL CHECK (current_state IN ('stopped', 'running')),
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('owner', 'user')),
    secret_sha256 TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
  ) STRICT;
  CREATE TABLE keys (
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    public_key TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, public_key)
  ) STRICT;
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    facts TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
  CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
  CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
  `,
  // A key belongs to a token, and no token is known of those that are there; they are worth half an hour at most.
  `
  DROP TABLE keys;
  CREATE TABLE keys (
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    token_id INTEGER NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    public_key TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, public_key, token_id)
  ) STRICT;
  ALTER TABLE workspaces ADD COLUMN is_being_removed INTEGER NOT NULL DEFAULT 0;
  `,
  // The audit has an end: the oldest records go, each kind for itself, so that a flood of one pushes out no other.
  `
  CREATE INDEX audit_by_event ON audit (event, id);
  DROP TRIGGER audit_is_not_removed;
  CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
    WHEN OLD.id > ifnull((${LAST_TOO_MANY('OLD')}), 0)
    BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
  CREATE TRIGGER audit_is_bounded AFTER INSERT ON audit
    BEGIN DELETE FROM audit WHERE event = NEW.event AND id <= (${LAST_TOO_MANY('NEW')}); END;
  `,
]
