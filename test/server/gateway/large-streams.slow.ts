import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {createHash, randomBytes} from 'node:crypto'
import {closeSync, openSync, writeSync} from 'node:fs'
import {collect, type GatewayFixture, openGateway} from './gateway-fixture.ts'

/** The long version is a GiB each way. */
const SIZE_MIB = process.env['RUNCODE_SOAK'] === undefined ? 64 : 1024

describe(`a command with ${SIZE_MIB} MiB for its stdin and its stdout`, function () {
  this.timeout(SIZE_MIB * 1000)
  let fixture: GatewayFixture
  before(async () => {
    fixture = await openGateway()
  })
  after(() => fixture.close())

  it('gets and gives every byte, at once, and costs the gateway little memory', async () => {
    const hash = createHash('sha256')
    const file = openSync(fixture.path('whole'), 'w')
    for (let i = 0; i < SIZE_MIB; i += 1) {
      const block = randomBytes(1 << 20)
      hash.update(block)
      writeSync(file, block)
    }
    closeSync(file)
    const before = process.memoryUsage().rss
    let grownBytes = 0
    const watch = setInterval(() => {
      grownBytes = Math.max(grownBytes, process.memoryUsage().rss - before)
    }, 50)
    // By a shell: the bytes pass this process, in which the gateway is, as its own only.
    const line = 'ssh "$@" cat < "$0" | sha256sum'
    const {stdout} = await collect(spawn('sh', ['-c', line, fixture.path('whole'), ...fixture.sshArgs()]), '')
    clearInterval(watch)
    assert.equal(stdout.toString().split(' ')[0], hash.digest('hex'))
    assert.equal(grownBytes < 64 << 20, true, `grew by ${grownBytes} bytes`)
  })
})
