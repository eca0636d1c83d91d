import assert from 'node:assert/strict'
import {deadlineIn} from '../../src/core/deadline.ts'
import {fileStore} from '../../src/credentials/file-store.ts'
import {readProfiles} from '../../src/profile/profile-file.ts'
import {dropSession} from '../../src/session/drop-session.ts'
import {type FlightStage, startFlightStage} from '../support/flight-stage.ts'
import {assertWhole, killAtSteps} from '../support/kill-at-steps.ts'

/**
 * `kill -9` before, and in, each thing that a command does to this machine, or a sample of them (a soak tries all). Each
 * time the next command puts it right.
 */
describe('killed at every step', () => {
  let stage: FlightStage

  before(async function () {
    const started = await startFlightStage()
    if (started === undefined) this.skip()
    stage = started
  })
  after(() => stage?.stop())

  const config = (): string => `${stage.home}/.config/runcode/cli`
  const drop = async (): Promise<void> => {
    await dropSession(stage.state, stage.owner, deadlineIn(10_000, new AbortController().signal))
    await stage.settle('nobody')
  }
  const files = (): readonly string[] =>
    stage
      .files()
      .filter((file) => file.startsWith('.config/'))
      .map((file) => file.slice('.config/runcode/cli/'.length))

  /** The number of steps is shown, and can't shrink to nothing unseen. */
  const expectAtLeast = (context: Mocha.Context, steps: number, least: number): void => {
    if (context.test) context.test.title += ` (${steps} steps)`
    assert.ok(steps >= least, `${steps} steps, of at least ${least}`)
  }

  it('exec that takes a first pass', async function () {
    const prepare = async (): Promise<void> => {
      await drop()
      await stage.attach()
    }
    const verify = (): Promise<void> => assertWhole(stage)
    expectAtLeast(this, await killAtSteps(stage, {args: ['exec', '--', 'true'], stride: 4, prepare, verify}), 36)
  })

  it('connect --force, where the session at hand goes on working', async function () {
    await stage.attach()
    const prepare = async (): Promise<void> => void (await stage.run(['exec', '--', 'true']))
    const verify = async (): Promise<void> => {
      const mints = stage.mints()
      await assertWhole(stage)
      assert.equal(stage.mints(), mints, 'a new pass was taken')
    }
    const args = ['connect', 'calm-reed', '--force']
    expectAtLeast(this, await killAtSteps(stage, {args, stride: 6, prepare, verify}), 50)
  })

  it('disconnect, which is finished by the next one', async function () {
    const prepare = async (): Promise<void> => {
      await stage.attach()
      await stage.run(['connect', 'calm-reed'])
    }
    const verify = async (): Promise<void> => {
      const {status, stdout} = await stage.run(['disconnect', '--json'])
      assert.ok(status === 0 || JSON.parse(stdout).error === 'not_attached', stdout)
      await stage.settle('nobody')
      assert.deepEqual(
        stage.files().filter((file) => !/^\.config\/|\/attachments\.lock/.test(file)),
        [],
      )
      await stage.attach()
      await assertWhole(stage)
    }
    expectAtLeast(this, await killAtSteps(stage, {args: ['disconnect'], stride: 4, prepare, verify}), 20)
  })

  it('login, which leaves the old token or the new one', async function () {
    const key = {origin: stage.plane.apiBase, account: 'fake'}
    const token = (): Promise<string | undefined> =>
      fileStore(config())
        .read(key)
        .then((kept) => kept?.secret)
    const prepare = (): Promise<void> => fileStore(config()).write(key, 'rc_old', new Date())
    const args = ['login', '--with-token', '--store', 'file']
    const verify = async (): Promise<void> => {
      assert.match((await token()) ?? '', /^rc_(?:old|new)$/)
      assert.equal((await readProfiles(config())).default, 'fake')
      const {status, stderr} = await stage.run(args, {}, {input: 'rc_new\n'})
      assert.equal(status, 0, stderr)
      assert.equal(await token(), 'rc_new')
      assert.deepEqual(files(), ['credentials.json', 'profiles.json'])
    }
    expectAtLeast(this, await killAtSteps(stage, {args, input: 'rc_new\n', stride: 3, prepare, verify}), 15)
  })

  it('logout, which leaves the token or none', async function () {
    const key = {origin: stage.plane.apiBase, account: 'fake'}
    const token = (): Promise<string | undefined> =>
      fileStore(config())
        .read(key)
        .then((kept) => kept?.secret)
    const other = {...key, account: 'other'}
    const prepare = async (): Promise<void> => {
      await fileStore(config()).write(key, 'rc_old', new Date())
      await fileStore(config()).write(other, 'rc_other', new Date())
    }
    const verify = async (): Promise<void> => {
      assert.ok(['rc_old', undefined].includes(await token()))
      assert.equal((await fileStore(config()).read(other))?.secret, 'rc_other')
      assert.equal((await stage.run(['logout'])).status, 0)
      assert.equal(await token(), undefined)
      assert.deepEqual(files(), ['credentials.json', 'profiles.json'])
    }
    expectAtLeast(this, await killAtSteps(stage, {args: ['logout'], stride: 1, prepare, verify}), 8)
    await prepare()
  })
})
