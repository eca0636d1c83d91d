import assert from 'node:assert/strict'
import {mkdirSync, rmSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {repairEntries} from '../../../src/actions/hosts/stale-entries.ts'
import {listWorkspaces} from '../../../src/actions/list-workspaces.ts'
import {runDoctor} from '../../../src/actions/run-doctor.ts'
import {deadlineIn} from '../../../src/core/deadline.ts'
import {END} from '../../../src/user-ssh-config/block.ts'
import {type ConfigStage, startConfigStage} from '../../support/config-stage.ts'

describe('entries that are not true any more', function () {
  this.timeout(60_000)
  let stage: ConfigStage
  let program: {node: string; script: string}
  before(async () => {
    stage = await startConfigStage()
  })
  beforeEach(async () => {
    stage.clear()
    stage.list('fake', [
      {id: 1, title: 'demo'},
      {id: 2, title: 'api'},
    ])
    program = {node: process.execPath, script: join(stage.home, 'run.js')}
    writeFileSync(program.script, '')
    stage.write('Host a\n')
    await stage.make({program})
  })
  after(() => stage.stop())

  const listed = async (profile?: string): Promise<readonly string[]> => {
    const before = stage.said.length
    await listWorkspaces(stage.context, {profile, all: false})
    return stage.said.slice(before)
  }
  const examined = async (): Promise<string> => {
    const found = (await runDoctor(stage.context, {profile: undefined, version: '1.2.3', fix: false})).checks.find(
      ({name}) => name === 'ssh-config',
    )
    return `${found?.status}: ${found?.detail}`
  }
  const saying = (hosts: string): readonly string[] => [
    `Entries of ${stage.file} are not true any more (${hosts}). Renew them: runcode config-ssh`,
  ]

  it('are none of those that were just written', async () => {
    assert.deepEqual(await listed(), [])
    // It is not the home of the password database.
    assert.match(await examined(), /^(?:warn: HOME is .* but ssh reads|ok: 2 entries)/)
  })

  it('are none where a path has letters of any language', async () => {
    program = {...program, script: join(stage.home, 'zoë 一.js')}
    writeFileSync(program.script, '')
    await stage.make({program})
    assert.deepEqual((await stage.make({program, mode: 'check'})).updated, [])
    assert.deepEqual(await listed(), [])
    assert.doesNotMatch(await examined(), /^fail/)
  })

  it('are told by list where the workspace was deleted, or has another title', async () => {
    stage.list('fake', [{id: 1, title: 'other'}])
    assert.deepEqual(await listed(), saying('runcode.demo, runcode.api'))
    stage.list('fake', [{id: 1, title: 'demo'}])
    assert.deepEqual(await listed(), saying('runcode.api'))
    assert.deepEqual(await listed('work'), [])
  })

  it('are told by list and doctor where what they start is gone', async () => {
    rmSync(program.script)
    assert.deepEqual(await listed(), saying('runcode.demo, runcode.api'))
    assert.equal(await examined(), `fail: the entries start ${program.script}, which is not there`)
  })

  it('are written anew by connect where what they start is gone, and nothing else is', async () => {
    const made = stage.read()
    stage.said.length = 0
    await repairEntries(stage.context, deadlineIn(60_000, stage.context.interrupted))
    assert.deepEqual([stage.said, stage.read()], [[], made])
    rmSync(program.script)
    const [gone, ours] = [program.script, stage.context.program.script]
    mkdirSync(dirname(ours), {recursive: true})
    writeFileSync(ours, '')
    await repairEntries(stage.context, deadlineIn(60_000, stage.context.interrupted))
    assert.deepEqual(stage.said, [
      `The entries of ${stage.file} started ${gone}, which is gone. They are written anew.`,
    ])
    assert.equal(stage.read(), made.replaceAll(gone, ours))
    assert.deepEqual(await listed(), [])
  })

  it('are left as they are, and told, where they cannot be written', async () => {
    rmSync(program.script)
    const made = stage.read()
    const fleeting = {...program, script: join(stage.home, '_npx/1/run.js')}
    await repairEntries({...stage.context, program: fleeting}, deadlineIn(60_000, stage.context.interrupted))
    assert.equal(stage.read(), made)
    assert.deepEqual(await listed(), saying('runcode.demo, runcode.api'))
  })

  it('are told by doctor where others come before them, or the block is damaged', async () => {
    const made = stage.read()
    for (const [above, detail] of [
      ['Host *\n  User bob\n', /^fail: another User than that of the entry counts for runcode\.demo/],
      ['StrictHostKeyChecking no\n', /^fail: another StrictHostKeyChecking than/],
      ['Host *\n  IdentityAgent ~/agent.sock\n', /^fail: another IdentityAgent than that of the entry counts/],
      ['IdentityFile ~/.ssh/id\n', /^fail: another IdentityFile than/],
      ['SendEnv X\n', /^(?:warn: HOME is|ok)/],
      ['NoSuchOption x\n', /^fail: ssh cannot read .*Bad configuration option/],
      [`${END}\n`, /^fail: The markers of runcode's block in .* are damaged/],
    ] as const) {
      stage.write(above + made)
      assert.match(await examined(), detail)
      if (above === `${END}\n`) assert.deepEqual(await listed(), [])
    }
  })
})
