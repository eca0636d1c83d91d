import assert from 'node:assert/strict'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import Database from 'libsql'
import {createPower, type Power} from '../../src/server/power.ts'
import {openStore} from '../../src/server/store/open-store.ts'
import type {Store, StoredWorkspace} from '../../src/server/store/store.ts'

const NOON = new Date('2030-01-02T12:00:00Z')

describe('createPower()', () => {
  let folder: string
  let store: Store
  let power: Power
  let done: string[]
  /** What the runtime or the gateway does not finish, by name. */
  let held: Map<string, Promise<void>>

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runcode-power-'))
    store = openStore(join(folder, 'store.db'))
    store.workspaces.create({title: 'calm-reed', customTitle: null}, NOON)
    done = []
    held = new Map()
    power = newPower()
  })

  afterEach(async () => {
    await power.settled()
    store.close()
    rmSync(folder, {recursive: true})
  })

  const work =
    (verb: string) =>
    async ({id}: {id: number}): Promise<void> => {
      await held.get(verb)
      done.push(`${verb} ${id}`)
    }
  const newPower = (): Power =>
    createPower({
      store,
      runtime: {
        start: work('start'),
        stop: work('stop'),
        remove: work('remove'),
        workdir: () => '/nowhere',
        exec: () => {
          throw new Error('Nothing is run here.')
        },
        sftp: () => {
          throw new Error('Nothing is run here.')
        },
      },
      disconnect: (id) => work('disconnect')({id}),
      now: () => NOON,
    })
  const workspace = (): StoredWorkspace => {
    const found = store.workspaces.get(1)
    assert.ok(found)
    return found
  }
  const stateOf = (): string => `${workspace().interimState ?? ''}/${workspace().currentState}`
  /** As a full disk does it: the database refuses these writes until the end of `during`. */
  const refusing = async (writes: string, during: () => unknown): Promise<void> => {
    const raw = new Database(join(folder, 'store.db'))
    raw.exec(`CREATE TRIGGER full BEFORE ${writes} BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
    try {
      await during()
    } finally {
      raw.exec('DROP TRIGGER full')
      raw.close()
    }
  }

  it('ends what a dead server left before it starts what ran', async () => {
    store.workspaces.setState(1, {interimState: null, currentState: 'running'})
    power.resume()
    await power.settled()
    assert.deepEqual([done, stateOf()], [['stop 1', 'start 1'], '/running'])
  })

  it('stops a workspace when its connections are closed, so that nothing starts there any more', async () => {
    store.workspaces.setState(1, {interimState: null, currentState: 'running'})
    let close: () => void = () => undefined
    held.set('disconnect', new Promise((resolve) => (close = resolve)))
    power.stop(workspace())
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepEqual([done, stateOf()], [[], 'stopping/running'])
    close()
    await power.settled()
    assert.deepEqual([done, stateOf()], [['disconnect 1', 'stop 1'], '/stopped'])
  })

  for (const [wish, event] of [
    ['start', 'stopped'],
    ['stop', 'running'],
  ] as const)
    it(`throws at a ${wish} that cannot be written, and takes the next one up`, async () => {
      store.workspaces.setState(1, {interimState: null, currentState: event})
      await refusing('UPDATE ON workspaces', () => {
        assert.throws(() => power[wish](workspace()), /disk full/)
        assert.deepEqual([done, stateOf()], [[], `/${event}`])
      })
      assert.equal(power[wish](workspace()).outcome, 'begins')
    })

  for (const [left, wish, end] of [
    ['starting', 'start', '/running'],
    ['starting', 'stop', '/stopped'],
    ['stopping', 'start', '/running'],
    ['stopping', 'stop', '/stopped'],
  ] as const)
    it(`lets a workspace ${wish} whose ${left} was never written to its end`, async () => {
      const currentState = left === 'starting' ? 'stopped' : 'running'
      store.workspaces.setState(1, {interimState: null, currentState})
      power[left === 'starting' ? 'start' : 'stop'](workspace())
      await refusing('UPDATE ON workspaces', () => power.settled())
      assert.equal(stateOf(), `${left}/${currentState}`)
      assert.equal(power[wish](workspace()).outcome, 'begins')
      await power.settled()
      assert.equal(stateOf(), end)
    })

  it('keeps a workspace running whose start only could not be written to the audit', async () => {
    await refusing('INSERT ON audit', async () => {
      power.start(workspace())
      await power.settled()
    })
    assert.equal(stateOf(), '/running')
  })

  it('finishes a removal that the end of the server interrupted', async () => {
    held.set('remove', new Promise(() => undefined))
    void power.remove(1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepEqual([workspace().isBeingRemoved, stateOf()], [true, 'stopping/running'])
    held.clear()
    power = newPower()
    power.resume()
    await power.settled()
    assert.deepEqual([done, store.workspaces.list()], [['disconnect 1', 'disconnect 1', 'remove 1'], []])
  })

  it('does not begin again with a removal that failed', async () => {
    held.set('remove', Promise.reject(new Error('busy')))
    await assert.rejects(power.remove(1), /busy/)
    assert.deepEqual([workspace().isBeingRemoved, stateOf()], [false, '/stopped'])
  })
})
