import assert from 'node:assert/strict'
import fc from 'fast-check'
import {parseSecret} from '../../src/credentials/parse-secret.ts'

describe('parseSecret()', () => {
  it('takes one word of visible ASCII, without the blanks around it', () => {
    assert.equal(parseSecret(' rc_A1~!\r\n', 'it'), 'rc_A1~!')
    assert.equal(parseSecret('x'.repeat(4096), 'it').length, 4096)
  })

  for (const text of [
    '',
    ' ',
    'a b',
    'a\nb',
    'a\r\nX-Header: b',
    'ä',
    'a\u0000',
    'a\u007f',
    '\u001b[A',
    'x'.repeat(4097),
  ]) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))} by naming its place only`, () =>
      assert.throws(() => parseSecret(text, 'it'), {
        name: 'InvalidTokenError',
        code: 'usage',
        message: 'What it holds is not a token.',
      }))
  }

  it('gives nothing that could break a line of HTTP, for any text', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), (text) => {
        try {
          // What is taken is a secret from now on: a letter alone would be left out of all that later tests redact.
          return /^[!-~]+$/.test(parseSecret(`random-${text}`, 'it'))
        } catch {
          return true
        }
      }),
    )
  })
})
