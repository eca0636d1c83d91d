import assert from 'node:assert/strict'
import {parseHttpDate, parseRetryAfter} from '../../src/network/http-fields.ts'

const NOW = new Date('2030-01-02T03:04:05Z')

describe('parseHttpDate()', () => {
  it('reads the form of today', () => assert.deepEqual(parseHttpDate('Wed, 02 Jan 2030 03:04:05 GMT'), NOW))

  for (const text of [
    undefined,
    '',
    '0',
    '1',
    '2030',
    'yesterday',
    '2030-01-02T03:04:05Z',
    'Wed, 02 Jan 2030 03:04:05 +0200',
    'Wed Jan  2 03:04:05 2030',
    'Wed, 99 Jan 2030 03:04:05 GMT',
    'Wed, 02 Jan 2030 03:04:05 GMT\u001b[2J',
    'Wed, 02 Jan 292030 03:04:05 GMT',
  ])
    it(`takes ${JSON.stringify(text)} for no date`, () => assert.equal(parseHttpDate(text), undefined))
})

describe('parseRetryAfter()', () => {
  for (const [text, seconds] of Object.entries({
    '0': 0,
    '7': 7,
    '86400': 86_400,
    '86401': undefined,
    '999999': undefined,
    '1000000000': undefined,
    '1e9': undefined,
    '-1': undefined,
    '+1': undefined,
    '1.5': undefined,
    ' 1': undefined,
    '0x10': undefined,
    '': undefined,
    soon: undefined,
    Infinity: undefined,
    'Wed, 02 Jan 2030 03:04:15 GMT': 10,
    'Wed, 02 Jan 2030 03:04:05 GMT': 0,
    'Wed, 02 Jan 2020 03:04:05 GMT': 0,
    'Thu, 03 Jan 2030 03:04:05 GMT': 86_400,
    'Thu, 03 Jan 2030 03:04:06 GMT': undefined,
    'Fri, 31 Dec 9999 23:59:59 GMT': undefined,
    '2030-01-02T03:04:15Z': undefined,
  })) {
    it(`gives ${seconds} for ${JSON.stringify(text)}`, () => assert.equal(parseRetryAfter(text, NOW), seconds))
  }

  it('takes no date where the service does not say what time it is there', () => {
    assert.equal(parseRetryAfter('Wed, 02 Jan 2030 03:04:15 GMT', undefined), undefined)
    assert.equal(parseRetryAfter('10', undefined), 10)
  })
})
