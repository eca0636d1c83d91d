import assert from 'node:assert/strict'
import fc from 'fast-check'
import {formatDuration, parseDuration} from '../../src/core/duration.ts'

describe('parseDuration()', () => {
  for (const [text, seconds] of Object.entries({
    '90': 90,
    '90s': 90,
    '12m': 720,
    '1h30m': 5400,
    '1d': 86_400,
    '1d2h3m4s': 93_784,
    '007': 7,
    '0h5s': 5,
  })) {
    it(`reads ${text} as ${seconds} seconds`, () => assert.equal(parseDuration(text), seconds))
  }

  for (const text of [
    '',
    '0',
    '0s',
    '0h0m',
    '-5',
    '+5',
    '5.5',
    '1e3',
    ' 5',
    '5 ',
    '5\n',
    '5 m',
    'm',
    '5M',
    '1h30',
    '5ms',
    '٥',
    '1234567890',
  ]) {
    it(`finds no duration in ${JSON.stringify(text)}`, () => assert.equal(parseDuration(text), undefined))
  }

  it('gives whole seconds above zero or undefined, for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9smhd]{0,12}$/)), (text) => {
        const seconds = parseDuration(text)
        return seconds === undefined || (Number.isSafeInteger(seconds) && seconds > 0)
      }),
    )
  })
})

describe('formatDuration()', () => {
  for (const [seconds, text] of [
    [-5, '0s'],
    [0, '0s'],
    [59.9, '59s'],
    [60, '1m'],
    [1679, '27m'],
    [3599, '59m'],
    [3600, '1h'],
    [3900, '1h 5m'],
    [90_000, '25h'],
  ] as const) {
    it(`shows ${seconds} seconds as ${text}`, () => assert.equal(formatDuration(seconds), text))
  }

  it('never shows more than there is', () => {
    fc.assert(
      fc.property(fc.integer({min: 1, max: 10_000_000}), (seconds) => {
        const shown = parseDuration(formatDuration(seconds).replace(' ', ''))
        return shown !== undefined && shown <= seconds && seconds - shown < 60
      }),
    )
  })
})
