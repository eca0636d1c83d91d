import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {chmodSync} from 'node:fs'
import {join} from 'node:path'
import {readCurrentSession} from '../../src/session/session-store.ts'
import {type FlightStage, startFlightStage} from '../support/flight-stage.ts'
import {isAlive, listProcesses} from '../support/processes.ts'

/** Real masters that hang, die and lose their network, with the built program. */
describe('a command keeps its limits, and the next one works, where', () => {
  let stage: FlightStage

  before(async function () {
    const started = await startFlightStage()
    if (started === undefined) this.skip()
    stage = started
  })
  after(() => stage?.stop())

  beforeEach(async () => {
    await stage.attach()
    assert.equal((await stage.run(['connect', 'calm-reed'])).status, 0)
    await stage.settle('master')
  })

  const current = async () => {
    const session = await readCurrentSession(stage.state, stage.owner)
    assert.ok(session !== undefined)
    return session
  }
  const masterPid = async (): Promise<number> => {
    const {configFile, alias} = await current()
    const {stderr} = spawnSync('ssh', ['-F', configFile, '-O', 'check', alias], {encoding: 'utf8'})
    return Number(/pid=(\d+)/.exec(stderr)?.[1])
  }
  const execTrue = async (): Promise<void> => {
    const {status, stderr} = await stage.run(['exec', '--', 'true'])
    assert.equal(status, 0, stderr)
  }
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let tries = 0; !isSo() && tries < 600; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50))
    assert.ok(isSo())
  }

  it('the master hangs: commands go alone and leave no ssh behind, connect puts another in its place', async () => {
    const pid = await masterPid()
    process.kill(pid, 'SIGSTOP')
    try {
      for (const _ of [1, 2, 3]) await execTrue()
      await stage.settle('master')
      assert.equal((await stage.run(['connect', 'calm-reed'])).status, 0)
      assert.notEqual(await masterPid(), pid)
      await execTrue()
    } finally {
      process.kill(pid, 'SIGKILL')
    }
    await until(() => !isAlive(pid))
    await stage.settle('master')
  })

  it('the master is killed under a command: that may have run, and says so', async () => {
    const pid = await masterPid()
    const running = stage.run(['exec', '--json', '--', 'sleep 31.7'])
    await until(() => listProcesses('sleep\x0031.7').length > 0)
    process.kill(pid, 'SIGKILL')
    const {status, stdout} = await running
    assert.deepEqual([status, JSON.parse(stdout).error], [125, 'connection_lost'])
    await execTrue()
    await stage.settle('master')
  })

  it('the network under the master is dead: within a minute and a half it is given up', async () => {
    const {stdout} = await stage.run(['exec', '--', FAR_SIDE])
    const far = Number(stdout)
    process.kill(far, 'SIGSTOP')
    try {
      const startMs = performance.now()
      assert.equal((await stage.run(['exec', '--', 'true'])).status, 125)
      assert.ok(performance.now() - startMs < 90_000)
      await execTrue()
    } finally {
      process.kill(far, 'SIGKILL')
    }
    await stage.settle('master')
  })

  it('the folder of its socket was opened to others: nobody there is spoken to', async () => {
    const {controlPath = ''} = await current()
    await stage.endMaster()
    chmodSync(join(controlPath, '..'), 0o777)
    try {
      await execTrue()
      const {status, stderr} = await stage.run(['connect', 'calm-reed'])
      assert.equal(status, 0, stderr)
      await stage.settle('nobody')
    } finally {
      chmodSync(join(controlPath, '..'), 0o700)
    }
  })

  it('the key was opened to others, which ssh refuses: a new pass is taken, once', async () => {
    await stage.endMaster()
    const {folder} = await current()
    chmodSync(join(folder, 'id_ed25519'), 0o644)
    const before = stage.mints()
    await execTrue()
    assert.equal(stage.mints() - before, 1)
    await stage.settle('master')
  })
})

/** Says which sshd serves this connection: the nearest one above (proc(5)). */
const FAR_SIDE =
  'p=$$; while [ "$(cat /proc/$p/comm)" != sshd ]; do p=$(sed -n "s/^PPid:[[:space:]]*//p" /proc/$p/status); done; echo $p'
