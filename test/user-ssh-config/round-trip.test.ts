import assert from 'node:assert/strict'
import {chmodSync, existsSync, lstatSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import fc from 'fast-check'
import {removeHosts} from '../../src/actions/hosts/undo-config-ssh.ts'
import {deadlineIn} from '../../src/core/deadline.ts'
import {changeFile, withLockedFile} from '../../src/user-ssh-config/locked-file.ts'
import {type Plan, planChange} from '../../src/user-ssh-config/plan-change.ts'
import {readConfig} from '../../src/user-ssh-config/read-config.ts'
import {type ConfigStage, startConfigStage} from '../support/config-stage.ts'
import {isSoak} from '../support/soak.ts'
import {configFiles} from './config-files.ts'
import {exampleEntry, exampleFiles, PROGRAM} from './example-entry.ts'

const files = fc.record({
  text: fc.option(configFiles, {nil: undefined, freq: 20}),
  isLink: fc.boolean(),
  mode: fc.constantFrom(0o600, 0o640, 0o644),
  include: fc.boolean(),
})

/** All of it but for ssh, which can't read most of such files. */
describe('any file, on disk', function () {
  this.timeout(600_000)
  let stage: ConfigStage
  before(async () => {
    stage = await startConfigStage()
  })
  after(() => stage.stop())

  const put = (include: boolean): Promise<Plan> => {
    const {folders} = stage.context
    const place = {path: stage.file, state: folders.state}
    return withLockedFile(place, deadlineIn(5000, new AbortController().signal), async (locked) => {
      const current = await readConfig(locked.file, {home: stage.home, included: stage.included, include, adopt: false})
      const host = exampleEntry({})
      const plan = planChange(current, [{host, files: exampleFiles(host)}], PROGRAM)
      if (plan.includedText !== undefined) writeFileSync(stage.included, plan.includedText)
      if (plan.text !== locked.file.text) await changeFile(locked, {text: plan.text, now: new Date(), paste: undefined})
      return plan
    })
  }

  it('gets the block once, and is then what it was: bytes, mode, link, or not there', async () => {
    const target = join(stage.home, 'target')
    await fc.assert(
      fc.asyncProperty(files, async ({text, isLink, mode, include}) => {
        stage.write('')
        rmSync(stage.file)
        const bytes = text === undefined ? undefined : Buffer.from(text, 'latin1')
        if (bytes !== undefined) {
          writeFileSync(target, bytes)
          chmodSync(target, mode)
          if (isLink) symlinkSync(target, stage.file)
          else stage.write(bytes)
          chmodSync(stage.file, mode)
        }
        assert.equal((await put(include)).isUpToDate, false)
        assert.equal((await put(false)).isUpToDate, true)
        assert.equal(
          (await removeHosts(stage.context, {file: undefined, isDryRun: false, adopt: false})).isChanged,
          true,
        )
        if (bytes === undefined) return assert.ok(!existsSync(stage.file))
        assert.deepEqual(readFileSync(stage.file), bytes)
        assert.equal(statSync(stage.file).mode & 0o7777, mode)
        assert.equal(lstatSync(stage.file).isSymbolicLink(), isLink)
      }),
      {numRuns: isSoak ? 5000 : 40},
    )
  })
})
