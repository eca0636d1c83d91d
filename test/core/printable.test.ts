import assert from 'node:assert/strict'
import fc from 'fast-check'
import {printable, printableLines} from '../../src/core/printable.ts'

/** Texts with many of the characters that matter, lone surrogates among them. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({unit: 'binary'}),
      fc.constantFrom(
        '\u001b[2J',
        '\r',
        '\n',
        '\t',
        '\u0000',
        '\u007f',
        '\u009b',
        '\u202e',
        '\u2066',
        '\u200b',
        '\ufeff',
      ),
      fc.constantFrom('\u2028', '\u2029', '\ud800', '\udfff', '\u{e0041}', '\u00ad', 'ä', '日', '🙂'),
    ),
  )
  .map((parts) => parts.join(''))

describe('printable()', () => {
  it('leaves no control, format, surrogate or line-breaking character', () => {
    fc.assert(fc.property(hostile, (text) => !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(printable(text))))
  })

  it('is the same when done twice, and keeps the length', () => {
    fc.assert(fc.property(hostile, (text) => printable(printable(text)) === printable(text)))
    fc.assert(fc.property(hostile, (text) => [...printable(text)].length === [...text].length))
  })

  it('keeps plain text of any language as it is', () => {
    for (const text of ['', 'Payments API', 'Käsekuchen – 9 €', '日本語', 'مرحبا', '🙂'])
      assert.equal(printable(text), text)
  })

  it('puts a visible mark where such a character was', () => {
    assert.equal(printable('a\u001b[31mb\r\nc'), 'a\ufffd[31mb\ufffd\ufffdc')
  })

  it('printableLines() keeps the lines and nothing else', () => {
    assert.equal(printableLines('a\tb\r\nc\rd\n'), 'a\ufffdb\nc\ufffdd\n')
    fc.assert(fc.property(hostile, (text) => !/[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(printableLines(text))))
  })
})
