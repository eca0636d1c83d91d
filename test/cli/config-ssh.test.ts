import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {chmodSync, mkdirSync, symlinkSync} from 'node:fs'
import {join} from 'node:path'
import {END} from '../../src/user-ssh-config/block.ts'
import {ROOT} from '../house/source-tree.ts'
import {type ConfigStage, startConfigStage} from '../support/config-stage.ts'
import {shapeOf} from '../support/json-shape.ts'

describe('config-ssh', function () {
  this.timeout(60_000)
  let stage: ConfigStage
  before(async () => {
    stage = await startConfigStage()
  })
  beforeEach(() => {
    stage.clear()
    stage.list('fake', [
      {id: 1, title: 'demo'},
      {id: 2, title: 'Not One'},
    ])
  })
  after(() => stage.stop())

  it('says what it did, what comes next, and what it took away', async () => {
    stage.write('Host a\n')
    const made = await stage.run(['config-ssh'])
    assert.deepEqual(
      [made.status, made.stdout],
      [0, `${stage.file} is written: 1 host.\nNew: runcode.demo\nTry it: ssh runcode.demo\n`],
    )
    assert.match(made.stderr, /^No entry for Not One \(2\): its title cannot be a user of SSH\.$/m)
    assert.match(made.stderr, /^warning: HOME is \S+, but ssh reads /m)
    const removed = await stage.run(['config-ssh', '--remove'])
    assert.deepEqual(
      [removed.status, removed.stdout],
      [0, `${stage.file} is as it was without the block. Gone: runcode.demo\n`],
    )
    assert.equal(stage.read(), 'Host a\n')
  })

  it('tells all of it in one object, and with --check by its status', async () => {
    stage.write('Host a\n')
    const host = {host: 'string', profile: 'string', workspace: {id: 'string', title: 'string'}}
    for (const [flag, status, kept] of [
      ['--check', 1, {backup: 'null', diff: 'string'}],
      ['--profile=fake', 0, {backup: 'string', diff: 'null'}],
    ] as const) {
      const ran = await stage.run(['config-ssh', '--json', flag])
      assert.equal(ran.status, status)
      assert.deepEqual(shapeOf(JSON.parse(ran.stdout)), {
        ...{file: 'string', included_file: 'null', profile: 'string', up_to_date: 'boolean', changed: 'boolean'},
        ...{hosts: [host], added: ['string'], updated: [], removed: [], warnings: ['string'], ...kept},
        refused: [{workspace: {id: 'string', title: 'string'}, why: 'string'}],
      })
    }
    const {stdout} = await stage.run(['config-ssh', '--json', '--restore'])
    assert.deepEqual(shapeOf(JSON.parse(stdout)), {
      ...{file: 'string', changed: 'boolean', removed: [], restored: 'string', backup: 'string', diff: 'null'},
    })
    assert.equal(stage.read(), 'Host a\n')
  })

  it('prints what is to be put into a file that it cannot write, and nothing else on stdout', async () => {
    stage.write('Host a\n')
    chmodSync(stage.file, 0o444)
    const {status, stdout, stderr} = await stage.run(['config-ssh'])
    assert.deepEqual([status, stdout.startsWith('# >>> runcode'), stdout.endsWith(`${END}\n`)], [1, true, true])
    assert.match(stderr, /is read-only, so it is left as it is\./)
  })

  it('makes no entries for an account of the environment, which is not there when ssh starts us', async () => {
    const env = {RUNCODE_API_BASE: 'https://localhost:1', RUNCODE_TOKEN: 'x'}
    const {status, stderr} = await stage.run(['config-ssh'], {env})
    assert.deepEqual([status, /Entries for ssh need a profile/.test(stderr)], [2, true])
  })

  it('does not name a program that a package runner clears away', async () => {
    const folder = join(stage.home, '.npm/_npx/0f3a/node_modules')
    mkdirSync(folder, {recursive: true})
    symlinkSync(ROOT, join(folder, 'runcode'))
    const script = join(folder, 'runcode/bin/run.js')
    const {status, stdout} = spawnSync(process.execPath, ['--preserve-symlinks-main', script, 'config-ssh', '--json'], {
      ...{cwd: stage.home, env: {...stage.env}, encoding: 'utf8'},
    })
    assert.deepEqual([status, (JSON.parse(stdout) as {error: string}).error], [1, 'temporary_program'])
  })

  it('does what both want where two do it at once', async () => {
    stage.write('Host a\n')
    stage.list('work', [{id: 1, title: 'demo'}])
    const ran = await Promise.all([[], ['--profile', 'work']].map((args) => stage.run(['config-ssh', ...args])))
    assert.deepEqual(
      ran.map(({status}) => status),
      [0, 0],
    )
    assert.deepEqual(
      [...stage.read().matchAll(/^Host (.+)$/gm)].map(([, host]) => host),
      ['runcode.demo', 'runcode.work.demo', '*', 'a'],
    )
  })
})
