import assert from 'node:assert/strict'
import {mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import Database from 'libsql'
import {MAX_AUDIT_RECORDS} from '../../../src/server/limits.ts'
import {openStore} from '../../../src/server/store/open-store.ts'
import type {Store} from '../../../src/server/store/store.ts'

const NOON = new Date('2030-01-02T12:00:00Z')
const inSeconds = (seconds: number): Date => new Date(NOON.getTime() + seconds * 1000)

describe('openStore()', () => {
  let folder: string
  let file: string
  let store: Store

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runcode-store-'))
    file = join(folder, 'store.db')
    store = openStore(file)
  })

  afterEach(() => {
    store.close()
    rmSync(folder, {recursive: true})
  })

  const newWorkspace = (title = 'calm-reed') => store.workspaces.create({title, customTitle: null}, NOON)

  it('keeps every one of its files to its owner', () => {
    newWorkspace()
    const modes = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o777])
    assert.deepEqual(Object.fromEntries(modes), {'store.db': 0o600, 'store.db-shm': 0o600, 'store.db-wal': 0o600})
  })

  it('finds after reopening what was written before', () => {
    const workspace = store.workspaces.create({title: 'calm-reed', customTitle: 'Payments "API"'}, NOON)
    store.close()
    store = openStore(file)
    assert.deepEqual(store.workspaces.list(), [workspace])
    assert.deepEqual(workspace, {
      id: 1,
      title: 'calm-reed',
      customTitle: 'Payments "API"',
      interimState: null,
      currentState: 'stopped',
      isBeingRemoved: false,
      createdAt: NOON,
    })
  })

  it('keeps what the first version of it held, but for keys whose token is not known', () => {
    const {id} = newWorkspace()
    const {token} = store.tokens.create({name: 'owner', scope: 'owner'}, NOON)
    store.close()
    const raw = new Database(file)
    raw.exec(`ALTER TABLE workspaces DROP COLUMN is_being_removed; DROP TABLE keys;
      DROP TRIGGER audit_is_bounded; DROP INDEX audit_by_event;
      CREATE TABLE keys (workspace_id INTEGER NOT NULL, public_key TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT;
      INSERT INTO keys VALUES (1, 'ssh-ed25519 AAAA', ${inSeconds(10).getTime()}); PRAGMA user_version = 1;`)
    raw.close()
    store = openStore(file)
    assert.deepEqual([store.workspaces.list().length, store.keys.valid(id, NOON)], [1, []])
    store.keys.register({workspaceId: id, tokenId: token.id, publicKey: 'ssh-ed25519 AAAA', expiresAt: inSeconds(10)})
    assert.equal(store.keys.valid(id, NOON).length, 1)
  })

  it('refuses a store that a newer runcode wrote, and leaves it as it was', () => {
    const raw = new Database(file)
    raw.exec('PRAGMA user_version = 999')
    raw.close()
    assert.throws(() => openStore(file), {code: 'server_failed'})
    assert.throws(() => openStore(file), {code: 'server_failed'})
  })

  it('says which file is no database', () => {
    const bad = join(folder, 'bad.db')
    writeFileSync(bad, 'this is no database\n'.repeat(200))
    assert.throws(() => openStore(bad), {code: 'file_error', facts: {path: bad}})
  })

  describe('workspaces', () => {
    it('refuses a title that is taken, and goes on after that', () => {
      newWorkspace('calm-reed')
      assert.throws(() => newWorkspace('calm-reed'), {code: 'SQLITE_CONSTRAINT_UNIQUE'})
      assert.equal(newWorkspace('bold-fern').title, 'bold-fern')
    })

    it('never gives an id out again', () => {
      store.workspaces.delete(newWorkspace().id)
      assert.equal(newWorkspace().id, 2)
    })

    it('keeps a state, and is found by id and by title', () => {
      const {id} = newWorkspace()
      store.workspaces.setState(id, {interimState: 'starting', currentState: 'stopped'})
      assert.equal(store.workspaces.get(id)?.interimState, 'starting')
      store.workspaces.setState(id, {interimState: null, currentState: 'running'})
      assert.deepEqual(store.workspaces.byTitle('calm-reed'), store.workspaces.get(id))
      assert.deepEqual(
        [store.workspaces.get(id)?.interimState, store.workspaces.get(id)?.currentState],
        [null, 'running'],
      )
      assert.deepEqual([store.workspaces.get(99), store.workspaces.byTitle('CALM-REED')], [undefined, undefined])
    })

    it('refuses a state that the contract does not know', () => {
      const {id} = newWorkspace()
      assert.throws(() => store.workspaces.setState(id, {interimState: null, currentState: 'melted' as 'running'}), {
        code: 'SQLITE_CONSTRAINT_CHECK',
      })
    })
  })

  describe('tokens', () => {
    it('gives a secret once and keeps only its hash', () => {
      const {token, secret} = store.tokens.create({name: 'ci', scope: 'user'}, NOON)
      assert.match(secret, /^rc_[A-Za-z0-9_-]{43}$/)
      assert.deepEqual(token, {id: 1, name: 'ci', scope: 'user', createdAt: NOON, lastUsedAt: null})
      for (const name of readdirSync(folder)) assert.ok(!readFileSync(join(folder, name)).includes(secret), name)
    })

    it('knows a token by its secret and by nothing else, and notes the use', () => {
      const {token, secret} = store.tokens.create({name: 'ci', scope: 'owner'}, NOON)
      assert.deepEqual(store.tokens.verify(secret, inSeconds(5)), {...token, lastUsedAt: inSeconds(5)})
      assert.deepEqual(store.tokens.verify(secret, inSeconds(70)), {...token, lastUsedAt: inSeconds(70)})
      for (const wrong of ['', 'rc_', secret.slice(0, -1), `${secret} `, secret.toUpperCase()])
        assert.equal(store.tokens.verify(wrong, NOON), undefined, wrong)
    })

    it('knows no token after it was revoked', () => {
      const {token, secret} = store.tokens.create({name: 'ci', scope: 'user'}, NOON)
      assert.deepEqual([store.tokens.revoke(token.id), store.tokens.revoke(token.id)], [true, false])
      assert.equal(store.tokens.verify(secret, NOON), undefined)
      assert.deepEqual(store.tokens.list(), [])
    })
  })

  describe('keys', () => {
    beforeEach(() => {
      store.tokens.create({name: 'owner', scope: 'owner'}, NOON)
    })

    it('gives the keys of one workspace that are still valid', () => {
      const [one, two] = [newWorkspace('one'), newWorkspace('two')]
      store.keys.register({workspaceId: one.id, tokenId: 1, publicKey: 'ssh-ed25519 AAAA', expiresAt: inSeconds(10)})
      store.keys.register({workspaceId: one.id, tokenId: 1, publicKey: 'ssh-ed25519 BBBB', expiresAt: inSeconds(20)})
      store.keys.register({workspaceId: two.id, tokenId: 1, publicKey: 'ssh-ed25519 CCCC', expiresAt: inSeconds(30)})
      assert.deepEqual(store.keys.valid(one.id, inSeconds(10)), [
        {workspaceId: one.id, tokenId: 1, publicKey: 'ssh-ed25519 BBBB', expiresAt: inSeconds(20)},
      ])
    })

    it('keeps the later end of a key that is registered twice', () => {
      const {id} = newWorkspace()
      for (const seconds of [10, 30, 20])
        store.keys.register({workspaceId: id, tokenId: 1, publicKey: 'ssh-ed25519 AAAA', expiresAt: inSeconds(seconds)})
      assert.deepEqual(
        store.keys.valid(id, NOON).map(({expiresAt}) => expiresAt),
        [inSeconds(30)],
      )
    })

    it('forgets keys with their end, their workspace, or when told', () => {
      const [one, two] = [newWorkspace('one'), newWorkspace('two')]
      for (const {id} of [one, two])
        store.keys.register({workspaceId: id, tokenId: 1, publicKey: 'ssh-ed25519 AAAA', expiresAt: inSeconds(10)})
      store.keys.dropAll(one.id)
      assert.deepEqual(store.keys.valid(one.id, NOON), [])
      store.keys.sweep(inSeconds(9))
      assert.equal(store.keys.valid(two.id, NOON).length, 1)
      store.keys.sweep(inSeconds(10))
      assert.equal(store.keys.valid(two.id, NOON).length, 0)
      store.keys.register({workspaceId: two.id, tokenId: 1, publicKey: 'ssh-ed25519 AAAA', expiresAt: inSeconds(10)})
      store.workspaces.delete(two.id)
      assert.deepEqual(store.keys.valid(two.id, NOON), [])
    })

    it('is worth as much as the tokens that registered it: gone with the last of them', () => {
      const {id} = newWorkspace()
      const {token} = store.tokens.create({name: 'ci', scope: 'user'}, NOON)
      const [shared, theirs] = ['ssh-ed25519 AAAA', 'ssh-ed25519 BBBB']
      for (const [tokenId, publicKey] of [
        [1, shared],
        [token.id, shared],
        [token.id, theirs],
      ] as const)
        store.keys.register({workspaceId: id, tokenId, publicKey, expiresAt: inSeconds(10)})
      store.tokens.revoke(token.id)
      assert.deepEqual(store.keys.valid(id, NOON), [
        {workspaceId: id, tokenId: 1, publicKey: shared, expiresAt: inSeconds(10)},
      ])
    })

    it('refuses a key for a workspace that is not there', () => {
      assert.throws(() => store.keys.register({workspaceId: 7, tokenId: 1, publicKey: 'x', expiresAt: NOON}), {
        code: 'SQLITE_CONSTRAINT_FOREIGNKEY',
      })
    })
  })

  describe('audit', () => {
    it('gives the latest first, up to the limit', () => {
      for (const event of ['one', 'two', 'three']) store.audit.record(event, {workspace_id: 1, why: null}, NOON)
      assert.deepEqual(store.audit.list(2), [
        {at: NOON, event: 'three', facts: {workspace_id: 1, why: null}},
        {at: NOON, event: 'two', facts: {workspace_id: 1, why: null}},
      ])
    })

    for (const sql of ["UPDATE audit SET event = 'x'", 'DELETE FROM audit', 'REPLACE INTO audit VALUES (1, 1, 1, 1)'])
      it(`is refused by the database itself: ${sql}`, () => {
        store.audit.record('one', {}, NOON)
        const raw = new Database(file)
        assert.throws(() => raw.exec(sql), /append-only/)
        raw.close()
        assert.equal(store.audit.list(9).length, 1)
      })

    it('keeps so many records of each event, the latest', () => {
      const raw = new Database(file)
      // With all but the last two, as one at a time takes seconds.
      raw.exec(`INSERT INTO audit (at, event, facts) VALUES (0, 'rare', '{}');
        INSERT INTO audit (at, event, facts) SELECT value, 'flood', '{}' FROM generate_series(1, ${MAX_AUDIT_RECORDS - 1})`)
      raw.close()
      for (let i = 0; i < 3; i += 1) store.audit.record('flood', {i}, NOON)
      const kept = store.audit.list(2 * MAX_AUDIT_RECORDS)
      assert.deepEqual([kept.length, kept.at(-1)?.event, kept.at(-2)?.at], [MAX_AUDIT_RECORDS + 1, 'rare', new Date(3)])
    })
  })
})
