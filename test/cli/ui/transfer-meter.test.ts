import assert from 'node:assert/strict'
import {filesText, lineOf} from '../../../src/cli/ui/transfer-meter.ts'

describe('the line of a transfer', () => {
  it('says how far it is, how fast, and how long it will take', () => {
    assert.equal(lineOf(5_000_000, 20_000_000, 1_000_000), '25%  1.0 MB/s  15s left  5.0 MB of 20.0 MB')
    assert.equal(lineOf(0, 7_200_000, 1000), '0%  1.0 kB/s  2.0h left  0 B of 7.2 MB')
    assert.equal(lineOf(0, 90_000, 1000), '0%  1.0 kB/s  1m30s left  0 B of 90.0 kB')
    assert.equal(lineOf(900, undefined, 30), '900 B  30 B/s')
    assert.equal(lineOf(0, 10, 0), '0%  0 B/s  0 B of 10 B')
  })

  it('says how many files of several have moved, of how many where that is known', () => {
    assert.deepEqual(filesText(undefined, undefined), [])
    assert.deepEqual(filesText(3, 12), ['3 of 12 files'])
    assert.deepEqual(filesText(0, 1), ['0 of 1 file'])
    assert.deepEqual(filesText(1, undefined), ['1 file'])
    assert.deepEqual(filesText(2, undefined), ['2 files'])
  })
})
