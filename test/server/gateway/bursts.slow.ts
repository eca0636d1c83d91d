import assert from 'node:assert/strict'
import {type GatewayFixture, openGateway} from './gateway-fixture.ts'

const COUNT = 50

describe(`${COUNT} commands at once`, function () {
  this.timeout(60_000)
  let fixture: GatewayFixture
  before(async () => {
    fixture = await openGateway()
  })
  after(() => fixture.close())

  const runAll = (options: readonly string[]): Promise<unknown[]> =>
    Promise.all(
      Array.from({length: COUNT}, async (_, i) => {
        const command = `cat; echo ${i} >&2; exit ${i}`
        const {stdout, stderr, ending} = await fixture.ssh([...fixture.sshArgs(options), command], `in ${i}`)
        return [stdout.toString(), stderr, ending]
      }),
    )
  const expected = Array.from({length: COUNT}, (_, i) => [`in ${i}`, `${i}\n`, {kind: 'exited', code: i}])

  it('over one master, which may make no other connection, all run, each with its own streams and status', async () => {
    assert.deepEqual(await runAll(await fixture.master('mux')), expected)
  })

  it('by a connection each all run', async () => {
    assert.deepEqual(await runAll([]), expected)
  })
})
