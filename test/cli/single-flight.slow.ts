import assert from 'node:assert/strict'
import {readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {deadlineIn} from '../../src/core/deadline.ts'
import {dropSession} from '../../src/session/drop-session.ts'
import {readCurrentSession, sessionsFolder} from '../../src/session/session-store.ts'
import {type FlightStage, startFlightStage} from '../support/flight-stage.ts'
import type {Run} from '../support/runcode.ts'

/** Many processes of the program at once on one workspace, against OpenSSH's own server. */
describe('twenty at once', function () {
  this.timeout(120_000)
  let stage: FlightStage

  before(async function () {
    const started = await startFlightStage()
    if (started === undefined) this.skip()
    stage = started
  })
  after(() => stage?.stop())

  beforeEach(async () => {
    Object.assign(stage, {refuse: undefined, mintMs: 0, lifetimeSeconds: 1800})
    await dropSession(stage.state, stage.owner, deadlineIn(10_000, new AbortController().signal))
    await stage.settle('nobody')
    await stage.attach()
  })

  const EXEC = ['exec', '--', 'true']
  const CONNECT = ['connect', 'calm-reed']
  const atOnce = (count: number, args: (at: number) => readonly string[]): Promise<readonly Run[]> =>
    Promise.all(Array.from({length: count}, (_, at) => stage.run(args(at))))
  const assertAllWell = (runs: readonly Run[]): void => {
    for (const {status, stderr} of runs) assert.equal(status, 0, stderr)
  }
  /** One master, its socket, one generation, its pointer, the attachment; no lock, nothing half written. */
  const assertTidy = async (): Promise<void> => {
    await stage.settle('master')
    const files = stage.files().filter((file) => !file.startsWith('.config/'))
    const folder = sessionsFolder(stage.state, stage.owner)
    assert.equal(readdirSync(folder).length, 2, files.join('\n'))
    assert.ok(!files.some((file) => /\.tmp$|lock|refused/.test(file)), files.join('\n'))
    assert.equal(files.filter((file) => file.includes('/sockets/')).length, 1, files.join('\n'))
  }

  it('exec without a session: one mint, twenty successes, one master', async () => {
    const before = stage.mints()
    assertAllWell(await atOnce(20, () => EXEC))
    assert.equal(stage.mints() - before, 1)
    await assertTidy()
  })

  it('connect without a session: the same', async () => {
    const before = stage.mints()
    assertAllWell(await atOnce(20, () => CONNECT))
    assert.equal(stage.mints() - before, 1)
    await assertTidy()
  })

  it('exec with a pass that is over: one mint, and the old generation goes with its pass', async () => {
    stage.lifetimeSeconds = 60
    assertAllWell([await stage.run(CONNECT)])
    stage.lifetimeSeconds = 1800
    const before = stage.mints()
    assertAllWell(await atOnce(10, () => EXEC))
    assert.equal(stage.mints() - before, 1)
  })

  it('exec while a mint takes 3 seconds: all of them wait for it', async () => {
    stage.mintMs = 3000
    const before = stage.mints()
    assertAllWell(await atOnce(20, () => EXEC))
    assert.equal(stage.mints() - before, 1)
    await assertTidy()
  })

  it('exec where the mint is refused: the control plane is asked by few, and all are told what it said', async () => {
    stage.mintMs = 2000
    stage.refuse = () => ({status: 503, body: {error: true, message: 'Back soon.'}})
    const before = stage.mints()
    const runs = await atOnce(20, () => EXEC)
    for (const {status, stderr} of runs) {
      assert.equal(status, 125)
      assert.match(stderr, /^runcode: https:\S+ answered 503: Back soon\.\nhint: [^\n]+\n$/)
    }
    // One, and another one by those that a busy machine starts only when the first is over.
    assert.ok(stage.mints() - before <= 5, `${stage.mints() - before} mints`)
    await stage.settle('nobody')
    stage.refuse = undefined
    assertAllWell([await stage.run(EXEC)])
    await assertTidy()
  })

  it('exec where the gateway forgot the key of the session at hand: one mint for all', async () => {
    assertAllWell([await stage.run(CONNECT)])
    await stage.settle('master')
    const {folder = ''} = (await readCurrentSession(stage.state, stage.owner)) ?? {}
    // The key that it knows is another one now, and the master is gone.
    writeFileSync(join(stage.sshd.folder, 'authorized_keys'), '')
    await stage.endMaster()
    const before = stage.mints()
    assertAllWell(await atOnce(10, () => EXEC))
    assert.equal(stage.mints() - before, 1)
    assert.notEqual((await readCurrentSession(stage.state, stage.owner))?.folder, folder)
    await stage.settle('master')
  })

  it('everything mixed, forced, disconnected and stopped in between: each is done, or says one clear thing', async () => {
    const verbs = [EXEC, CONNECT, [...CONNECT, '--force'], ['disconnect'], ['stop', 'calm-reed']]
    const runs = await atOnce(25, (at) => verbs[at % verbs.length] ?? EXEC)
    for (const {status, stderr} of runs) {
      if (status === 0) continue
      const errors = stderr.split('\n').filter((line) => line.startsWith('runcode: '))
      assert.equal(errors.length, 1, stderr)
      assert.match(errors[0] ?? '', CLEAR, stderr)
    }
    await stage.attach()
    assertAllWell([await stage.run(EXEC), await stage.run(['disconnect'])])
    await stage.settle('nobody')
    assert.deepEqual(
      stage.files().filter((file) => !file.startsWith('.config/')),
      [],
    )
  })

  for (const [what, answer] of Object.entries({
    'a conflict': {status: 409, body: {error: true, message: 'stopped'}},
    'that it is out of service': {status: 503},
    'no JSON': {status: 200, body: '<html>'},
    'a bundle that is not safe': {status: 200, body: {error: false, bundle: {host: '-oProxyCommand=x'}}},
    'half an answer': {status: 200, headers: {'content-length': '1000'}, body: '{"error":'},
  })) {
    it(`a forced connect that gets ${what} leaves the session at hand as it was`, async () => {
      assertAllWell([await stage.run(CONNECT)])
      const before = stage.files()
      const session = await readCurrentSession(stage.state, stage.owner)
      stage.refuse = () => answer
      const {status, stdout} = await stage.run([...CONNECT, '--force', '--timeout', '5s', '--json'])
      assert.ok(status === 2 || status === 1, stdout)
      assert.deepEqual(
        stage.files().filter((file) => !file.endsWith('/refused')),
        before,
      )
      assert.deepEqual(await readCurrentSession(stage.state, stage.owner), session)
      const mints = stage.mints()
      assertAllWell([await stage.run(EXEC)])
      // Over a connection of its own too: the key that the gateway knows is the one at hand.
      await stage.endMaster()
      assertAllWell([await stage.run(EXEC)])
      assert.equal(stage.mints(), mints)
      await stage.settle('master')
    })
  }

  it('a forced connect that finds the disk full leaves the session at hand as it was', async () => {
    assertAllWell([await stage.run(CONNECT)])
    const before = stage.files()
    // No file may grow beyond a block or two: the key fits, the config does not.
    const limited = await stage.run([...CONNECT, '--force', '--json'], {}, {limitBlocks: 1})
    assert.equal(limited.status, 1, limited.stdout + limited.stderr)
    assert.equal(JSON.parse(limited.stdout).error, 'file_error')
    assert.deepEqual(stage.files(), before)
    await stage.endMaster()
    assertAllWell([await stage.run(EXEC)])
    assert.equal(readFileSync(join(sessionsFolder(stage.state, stage.owner), 'current'), 'utf8').length, 26)
    await stage.settle('master')
  })
})

/** What a command may say whose session, place or workspace another one took away at the same moment. */
const CLEAR =
  /^runcode: (?:The session of \S+ was ended by another runcode|No workspace is attached to|Another runcode (?:\(process \d+\) )?is still at work here|The connection to \S+ was lost while)/
