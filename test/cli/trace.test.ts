import assert from 'node:assert/strict'
import {readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {type ConfigStage, startConfigStage} from '../support/config-stage.ts'

describe('RUNCODE_LOG', function () {
  this.timeout(30_000)
  let stage: ConfigStage
  let file: string
  before(async () => {
    stage = await startConfigStage()
    stage.list('fake', [{id: 1, title: 'demo'}])
    file = join(stage.home, 'trace')
  })
  beforeEach(() => rmSync(file, {force: true}))
  after(() => stage.stop())

  const list = (place: string) => stage.run(['list'], {env: {...stage.env, RUNCODE_LOG: place}})
  const steps = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)

  it('has each request and its end in a file for its owner alone, and no token', async () => {
    assert.equal((await list(file)).status, 0)
    const text = readFileSync(file, 'utf8')
    const asked = steps(text).filter(({step}) => step === 'request')
    assert.deepEqual(
      asked.map(({method, path, end}) => ({method, path, end})),
      Array(2).fill({method: 'GET', path: '/api/rc/workspaces', end: 200}),
    )
    assert.deepEqual(
      steps(text).map(({step}) => step),
      ['begun', 'request', 'request', 'ended'],
    )
    assert.ok(asked.every(({at, ms}) => !Number.isNaN(Date.parse(String(at))) && Number(ms) > 0))
    assert.equal(statSync(file).mode & 0o777, 0o600)
  })

  it('adds to what is there, and goes to stderr as -', async () => {
    await list(file)
    await list(file)
    assert.equal(steps(readFileSync(file, 'utf8')).length, 8)
    assert.equal(steps((await list('-')).stderr).length, 4)
  })

  it('follows no link, and keeps nobody from his work', async () => {
    const other = join(stage.home, 'other')
    writeFileSync(other, '')
    symlinkSync(other, file)
    const {status, stdout, stderr} = await list(file)
    assert.equal(status, 0)
    assert.match(stdout, /demo/)
    assert.match(stderr, /^warning: RUNCODE_LOG cannot be written: ELOOP: .*\n$/)
    assert.equal(readFileSync(other, 'utf8'), '')
  })
})
