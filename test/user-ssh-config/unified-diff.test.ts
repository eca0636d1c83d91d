import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import fc from 'fast-check'
import {unifiedDiff} from '../../src/user-ssh-config/unified-diff.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const NAMES = {from: 'a/config', to: 'b/config'}
const lines = fc.array(fc.constantFrom('Host a', 'Host b', '  User me', ''), {maxLength: 12})
const texts = fc
  .tuple(lines, fc.constantFrom('', '\n'))
  .map(([all, end]) => (all.length === 0 ? '' : all.join('\n') + end))

describe('a diff of a change', () => {
  const folder = temporaryFolder()

  const apply = (before: string, after: string): void => {
    const file = join(folder.path, 'config')
    const diff = unifiedDiff(before, after, NAMES)
    writeFileSync(file, before)
    const {status, stderr} = spawnSync('git', ['apply', '--whitespace=nowarn', '-'], {
      ...{input: diff, cwd: folder.path, encoding: 'utf8', env: {...process.env, GIT_DIR: '/nowhere'}},
    })
    assert.equal(status, 0, `${stderr}\n${diff}`)
    assert.equal(readFileSync(file, 'utf8'), after)
  }

  it('makes of the one file the other, for git', () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        assert.equal(unifiedDiff(before, after, NAMES) === '', before === after)
        if (before !== after) apply(before, after)
      }),
      {numRuns: process.env['RUNCODE_SOAK'] ? 3000 : 60},
    )
  })

  it('is right however far apart its two places are', () => {
    for (let count = 0; count < 10; count += 1) {
      const rest = Array.from({length: count}, (_, at) => `Host h${at}\n`).join('')
      apply(`Host first\n${rest}# old\nHost last\n`, `Host first\n# new\n${rest}Host last\n`)
      const hunks = unifiedDiff(`${rest}# old\n`, `# new\n${rest}`, NAMES).match(/^@@/gm)?.length
      assert.equal(hunks, count > 6 ? 2 : 1)
    }
  })

  it('shows a piece that is put in with three lines below it, and none for what stays', () => {
    const rest = ['Host a', '  User a', 'Host b', '  User b', 'Host c'].map((line) => `${line}\n`).join('')
    assert.equal(
      unifiedDiff(rest, `# new\n${rest}`, NAMES),
      '--- a/config\n+++ b/config\n@@ -1,3 +1,4 @@\n+# new\n Host a\n   User a\n Host b\n',
    )
  })

  it('shows a piece that goes from the end to the top in two places', () => {
    const rest = Array.from({length: 20}, (_, at) => `Host h${at}\n`).join('')
    assert.equal(
      unifiedDiff(`${rest}# old\n`, `# new\n${rest}`, NAMES),
      `--- a/config\n+++ b/config\n@@ -1,3 +1,4 @@\n+# new\n Host h0\n Host h1\n Host h2\n@@ -18,4 +19,3 @@\n Host h17\n Host h18\n Host h19\n-# old\n`,
    )
  })
})
