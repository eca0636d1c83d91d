import assert from 'node:assert/strict'
import {deadlineIn} from '../../src/core/deadline.ts'
import {dropSession} from '../../src/session/drop-session.ts'
import {type FlightStage, startFlightStage} from '../support/flight-stage.ts'
import {assertWhole, killAtSteps} from '../support/kill-at-steps.ts'

/** The short version of single-flight.slow.ts and kill-at-every-step.slow.ts. */
describe('one workspace', function () {
  this.timeout(120_000)
  let stage: FlightStage

  before(async function () {
    const started = await startFlightStage()
    if (started === undefined) this.skip()
    stage = started
  })
  after(() => stage?.stop())

  const drop = async (): Promise<void> => {
    await dropSession(stage.state, stage.owner, deadlineIn(10_000, new AbortController().signal))
    await stage.settle('nobody')
    await stage.attach()
  }

  it('is minted for once by six that begin at once', async () => {
    await drop()
    const before = stage.mints()
    for (const {status, stderr} of await Promise.all(Array.from({length: 6}, () => stage.run(['exec', '--', 'true']))))
      assert.equal(status, 0, stderr)
    assert.equal(stage.mints() - before, 1)
    await assertWhole(stage)
  })

  it('is as good as new for the next command, wherever one that takes a pass is killed (every ninth step)', async () => {
    const args = ['exec', '--', 'true']
    const steps = await killAtSteps(stage, {args, stride: 9, prepare: drop, verify: () => assertWhole(stage)})
    assert.ok(steps >= 36, `${steps} steps`)
  })
})
