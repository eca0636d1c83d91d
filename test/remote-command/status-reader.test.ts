import assert from 'node:assert/strict'
import fc from 'fast-check'
import {StatusReader} from '../../src/remote-command/status-reader.ts'

const NONCE = '0123456789abcdef'
const record = (what: string, nonce = NONCE): string => `\u001e${nonce} ${what}\u001e`

/** Reads a text in pieces, cut where the numbers say. */
const read = (text: string, cuts: readonly number[] = []) => {
  const bytes = Buffer.from(text, 'latin1')
  const reader = new StatusReader(NONCE)
  const passed: Buffer[] = []
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)
  ends.reduce((start, end) => {
    passed.push(reader.read(bytes.subarray(start, end)))
    return end
  }, 0)
  return {text: Buffer.concat([...passed, reader.rest()]).toString('latin1'), status: reader.status}
}

describe('StatusReader', () => {
  it('takes the records out and passes the rest', () => {
    assert.deepEqual(read(`a${record('S')}b\nc${record('E 7 ')}d`), {
      text: 'ab\ncd',
      status: {hasBegun: true, missing: undefined, exitCode: 7, signal: undefined},
    })
  })

  it('knows nothing before anything was said', () => {
    assert.deepEqual(read('x'), {
      text: 'x',
      status: {hasBegun: false, missing: undefined, exitCode: undefined, signal: undefined},
    })
    assert.equal(read(record('D')).status.missing, 'directory')
    assert.equal(read(record('P')).status.missing, 'program')
  })

  it('passes a record of another call', () => {
    const foreign = `${record('E 0 ', 'fedcba9876543210')}${record('S', '0123456789abcde')}`
    assert.deepEqual(read(foreign), {text: foreign, status: read('').status})
  })

  for (const bad of [
    'E',
    'E 1',
    'E 256 ',
    'E 999 ',
    'E 1000 ',
    'E -1 ',
    'E 1x ',
    'E  1 ',
    'e 1 ',
    'E 137 kill',
    'SS',
    'B',
    '',
  ]) {
    it(`learns nothing from ${JSON.stringify(bad)}`, () =>
      assert.deepEqual(read(record('S') + record(bad)).status, read(record('S')).status))
  }

  it('gives back a record that never ended', () => {
    assert.equal(read(`a\u001e${NONCE} E 7`).text, `a\u001e${NONCE} E 7`)
    assert.equal(read('a\u001e0123').text, 'a\u001e0123')
  })

  it('believes no record at a point where the wrapper writes none', () => {
    assert.deepEqual(read(record('E 0 ')).status, read('').status)
    assert.deepEqual(read(record('S') + record('D')).status, read(record('S')).status)
  })

  it('holds back no more than a record can be long, whoever begins one', () => {
    const reader = new StatusReader(NONCE)
    const begun = `\u001e${NONCE} ${'x'.repeat(1000)}`
    assert.equal(reader.read(Buffer.from(begun)).toString(), begun)
    assert.equal(reader.rest().length, 0)
    reader.read(Buffer.from(record('S') + record('E 3 ')))
    assert.equal(reader.status.exitCode, 3)
  })

  it('passes what is no record at once, also a lone separator once the next byte shows what it is', () => {
    const reader = new StatusReader(NONCE)
    assert.equal(reader.read(Buffer.from('password: ')).toString(), 'password: ')
    assert.equal(reader.read(Buffer.from('a\u001e')).toString(), 'a')
    assert.equal(reader.read(Buffer.from('b')).toString(), '\u001eb')
  })

  it('gives the same bytes and the same status however a stream is cut', () => {
    const part = fc.oneof(
      fc.string({unit: fc.integer({min: 0, max: 255}).map((byte) => String.fromCharCode(byte))}),
      fc.constantFrom(
        record('S'),
        record('D'),
        record('B'),
        record('E 0 '),
        record('E 137 KILL'),
        record('E 7 ', 'fedcba9876543210'),
      ),
      fc.constantFrom('\u001e', `\u001e${NONCE}`, `\u001e${NONCE.slice(0, 5)}`, `\u001e\u001e${NONCE} `),
    )
    fc.assert(
      fc.property(fc.array(part), fc.array(fc.nat()), (parts, cuts) => {
        const text = parts.join('')
        assert.deepEqual(read(text, cuts), read(text))
      }),
      {numRuns: 1000},
    )
  })
})
