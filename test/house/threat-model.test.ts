import assert from 'node:assert/strict'
import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {ROOT} from './source-tree.ts'

describe('the threat model', () => {
  const text = readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8')
  const rows = text.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:---|.* \| test \|$)/.test(line))

  it('names a test for all that cannot happen, and each claim is made in that file', () => {
    assert.ok(rows.length > 30)
    const missing = rows.filter((row) => {
      const [, path = '', claim = ''] = /\| `([^`]+)`: (.+) \|$/.exec(row) ?? []
      return claim === '' || !existsSync(join(ROOT, path)) || !readFileSync(join(ROOT, path), 'utf8').includes(claim)
    })
    assert.deepEqual(missing, [])
  })
})
