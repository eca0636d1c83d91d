import assert from 'node:assert/strict'
import {OutputCapture} from '../../src/cli/output-capture.ts'

const LIMIT = 8 << 20

const captureOf = (...chunks: readonly Buffer[]): OutputCapture => {
  const capture = new OutputCapture('stdout')
  for (const chunk of chunks) capture.add(chunk)
  return capture
}

describe('captured output', () => {
  it('is text where it is UTF-8, also where a character came in two chunks', () => {
    const euro = Buffer.from('€')
    assert.deepEqual(captureOf(euro.subarray(0, 1), euro.subarray(1)).json(), {stdout: '€'})
    assert.deepEqual(captureOf().json(), {stdout: ''})
    assert.deepEqual(captureOf(Buffer.from('\ufeffa\0\r\n')).json(), {stdout: '\ufeffa\0\r\n'})
  })

  it('is base64 where it is not', () => {
    assert.deepEqual(captureOf(Buffer.from([0x61, 0xff])).json(), {stdout_base64: 'Yf8='})
    assert.deepEqual(captureOf(Buffer.from('€').subarray(0, 2)).json(), {stdout_base64: '4oI='})
  })

  it('is kept up to 8 MiB, and says so from the next byte on', () => {
    const full = captureOf(Buffer.alloc(LIMIT, 'a'))
    assert.deepEqual([full.isTruncated, full.json()['stdout']?.length], [false, LIMIT])
    full.add(Buffer.from('b'))
    assert.deepEqual([full.isTruncated, full.json()['stdout']], [true, 'a'.repeat(LIMIT)])
  })

  it('stays text where the limit cuts a character', () => {
    for (const rest of [1, 2, 3]) {
      const cut = captureOf(Buffer.alloc(LIMIT - rest, 'a'), Buffer.from('😀'), Buffer.from('more'))
      assert.equal(cut.json()['stdout'], 'a'.repeat(LIMIT - rest))
    }
  })
})
