import assert from 'node:assert/strict'
import {randomHex} from '../../src/core/random-hex.ts'

describe('randomHex()', () => {
  it('gives as many bytes as asked for, other ones each time', () => {
    const found = Array.from({length: 50}, () => randomHex(16))
    assert.ok(found.every((one) => /^[0-9a-f]{32}$/.test(one)))
    assert.equal(new Set(found).size, 50)
    // A byte that is never set would be seen in one place of all.
    for (let at = 0; at < 32; at += 1) assert.ok(new Set(found.map((one) => one[at])).size > 1)
  })
})
