import assert from 'node:assert/strict'
import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {ROOT} from './source-tree.ts'

/** Pages of promises, with at least so many of them in tables whose last column names a test by its file and its claim. */
const PAGES = {
  'docs/threat-model.md': 30,
  'docs/exec.md': 35,
  'docs/files.md': 25,
  'docs/port-forward.md': 20,
}

for (const [page, least] of Object.entries(PAGES)) {
  it(`${page} names a test for each promise, and each claim is made in that file`, () => {
    const lines = readFileSync(join(ROOT, page), 'utf8').split('\n')
    const rows = lines.filter((line, at) => /^\| (?!---).*\|$/.test(line) && isPromise(lines, at))
    assert.ok(rows.length >= least, `${rows.length} promises, of at least ${least}`)
    const missing = rows.filter((row) => {
      const [, path = '', claim = ''] = /\| `([^`]+)`: (.+) \|$/.exec(row) ?? []
      return claim === '' || !existsSync(join(ROOT, path)) || !readFileSync(join(ROOT, path), 'utf8').includes(claim)
    })
    assert.deepEqual(missing, [])
  })
}

/** Whether a row belongs to a table whose last column is `test`, and is not its head. */
const isPromise = (lines: readonly string[], at: number): boolean => {
  let head = at
  while (lines[head - 1]?.startsWith('|')) head -= 1
  return head !== at && /\| test \|$/.test(lines[head] ?? '')
}
