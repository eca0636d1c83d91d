import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {ROOT} from './source-tree.ts'

describe('the licences of what is fused into dist', () => {
  const text = readFileSync(join(ROOT, 'dist/LICENCES.txt'), 'utf8')
  const parts = text.split(/^== /m).slice(1)

  it('are those of the packages, of what these need, and so on, and of no others', () => {
    const names = parts.map((part) => part.split(' ')[0] ?? '')
    for (const name of ['@oclif/core', 'got', 'cacheable-request', 'keyv', 'color-name'])
      assert.ok(names.includes(name), name)
    assert.deepEqual(names, [...new Set(names)].toSorted())
    // It is left out of got.
    assert.ok(!names.includes('http2-wrapper'))
  })

  it('are whole', () => {
    for (const part of parts) assert.match(part, /\n.*(?:permission|permitted|granted|grant of)/i)
  })
})
