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
      fc.constantFrom(
        '\u2028',
        '\u2029',
        '\ud800',
        '\udfff',
        '\u{e0041}',
        '\u00ad',
        'ä',
        '日',
        '🙂',
        '\u0301',
        '\u0301'.repeat(7),
        '\u3164',
        '\ufe0f',
      ),
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
    for (const text of [
      '',
      'Payments API',
      'Käsekuchen – 9 €',
      '日本語',
      'مرحبا',
      '🙂',
      '❤\ufe0f',
      'Việt',
      'e\u0301',
      'བསྒྲུབས',
      'שָׁל֑וֹם',
      'नमस्ते',
    ])
      assert.equal(printable(text), text)
  })

  it('leaves nothing that shows nothing, and no more than six marks on a letter', () => {
    assert.equal(printable('a\u3164b\u115fc\u034fd\u180be\u{e0100}f'), 'a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf')
    assert.equal(printable(`a${'\u0301'.repeat(9)}b\u0301`), `a${'\u0301'.repeat(6)}${'\ufffd'.repeat(3)}b\u0301`)
    assert.ok(printable(`a${'\u0489'.repeat(1e5)}`).endsWith('\ufffd'))
  })

  it('puts a visible mark where such a character was', () => {
    assert.equal(printable('a\u001b[31mb\r\nc'), 'a\ufffd[31mb\ufffd\ufffdc')
  })

  it('printableLines() keeps the lines and nothing else', () => {
    assert.equal(printableLines('a\tb\r\nc\rd\n'), 'a\ufffdb\nc\ufffdd\n')
    fc.assert(fc.property(hostile, (text) => !/[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(printableLines(text))))
  })
})
