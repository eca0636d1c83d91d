import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {END} from '../../src/user-ssh-config/block.ts'
import {type ConfigStage, startConfigStage} from '../support/config-stage.ts'
import {isSoak} from '../support/soak.ts'

const PRELOAD = new URL('../support/kill-at-step.mjs', import.meta.url).href
const USERS = `${'Host h\n  User me # all of them\n'.repeat(2000)}Host last\r\n  Port 7`

describe('config-ssh on bad days', function () {
  this.timeout(600_000)
  let stage: ConfigStage
  before(async () => {
    stage = await startConfigStage()
  })
  beforeEach(() => {
    stage.clear()
    stage.list('fake', [{id: 1, title: 'demo'}])
    stage.write(USERS)
  })
  after(() => stage.stop())

  for (const args of [['config-ssh'], ['config-ssh', '--remove'], ['config-ssh', '--include']]) {
    it(`leaves the old file or the new one, whole, wherever it is killed, and the next one finds its way: ${args.join(' ')}`, async () => {
      const log = join(stage.home, 'steps')
      const prepare = async (): Promise<string> => {
        stage.clear()
        stage.list('fake', [{id: 1, title: 'demo'}])
        stage.write(USERS)
        if (args.includes('--remove')) await stage.make()
        return stage.read()
      }
      const before = await prepare()
      const run = (at: number) => {
        rmSync(log, {force: true})
        const kill = {NODE_OPTIONS: `--import ${PRELOAD}`, KILL_HOME: stage.home, KILL_LOG: log, KILL_AT: String(at)}
        return stage.run(args, {env: kill})
      }
      assert.equal((await run(0)).status, 0)
      const after = stage.read()
      assert.notEqual(after, before)
      const steps = readFileSync(log, 'utf8').split('\n').length - 1
      assert.ok(steps > 10)
      const seen = new Set<string>()
      for (let at = 1; at <= steps; at += isSoak ? 1 : 9) {
        assert.equal(await prepare(), before)
        const {status} = await run(at)
        assert.equal(status, 'SIGKILL', `step ${at}`)
        const found = stage.read()
        assert.ok(found === before || found === after, `neither old nor new after step ${at}`)
        seen.add(found)
        const next = await stage.run(args)
        assert.deepEqual([next.status, stage.read() === after], [0, true], `${at}: ${next.stderr}`)
        assert.deepEqual(readdirSync(join(stage.home, '.ssh')), ['config'])
      }
      assert.ok(seen.has(before))
    })
  }

  it('leaves the file as it is where the disk is full', async function () {
    const disk = join(stage.home, '.ssh')
    rmSync(disk, {recursive: true})
    mkdirSync(disk)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k,mode=700', 'none', disk]).status !== 0) this.skip()
    try {
      stage.write(USERS)
      writeFileSync(join(disk, 'fill'), Buffer.alloc(128 * 1024 - Math.ceil(USERS.length / 4096) * 4096 - 8192))
      const {status, stdout} = await stage.run(['config-ssh', '--json'])
      assert.deepEqual([status, (JSON.parse(stdout) as {error: string}).error], [1, 'file_error'])
      assert.match(stdout, /no space left/i)
      assert.equal(stage.read(), USERS)
      assert.deepEqual(readdirSync(disk), ['config', 'fill'])
      rmSync(join(disk, 'fill'))
      writeFileSync(stage.file, 'Host a\n')
      assert.equal((await stage.run(['config-ssh'])).status, 0)
      assert.ok(stage.read().endsWith(`${END}\nHost a\n`))
    } finally {
      spawnSync('umount', ['-l', disk])
    }
  })
})
