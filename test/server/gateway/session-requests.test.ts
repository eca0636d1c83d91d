import assert from 'node:assert/strict'
import {isAcceptedVariable, parsePty, parseSignal, sshNameOf} from '../../../src/server/gateway/session-requests.ts'

describe('requests on a session', () => {
  for (const [name, value, isAccepted] of [
    ['LANG', 'de_DE.UTF-8', true],
    ['LC_ALL', '', true],
    ['TERM', 'xterm', true],
    ['COLORTERM', 'truecolor', true],
    ['LANGUAGE', 'de', false],
    ['LC_', 'x', false],
    ['LC_lower', 'x', false],
    ['PATH', '/x', false],
    ['LD_PRELOAD', '/x', false],
    ['RUNCODE_WORKSPACE', 'x', false],
    ['LANG\nX', 'x', false],
    ['LANG', 'a\0b', false],
    ['LANG', 'a\u001b[2J', false],
    ['LANG', 'x'.repeat(1025), false],
  ] as const) {
    it(`${JSON.stringify(name)} with ${JSON.stringify(value.slice(0, 20))} is ${isAccepted ? 'accepted' : 'refused'}`, () => {
      assert.equal(isAcceptedVariable(name, value), isAccepted)
    })
  }

  for (const [what, request, pty] of [
    ['a usual one', {term: 'xterm-256color', cols: 80, rows: 24}, {term: 'xterm-256color', columns: 80, rows: 24}],
    ['one without a size', {term: 'vt100', cols: 0, rows: 0}, {term: 'vt100', columns: 80, rows: 24}],
    ['one without a name', {term: '', cols: 1, rows: 1}, {term: 'dumb', columns: 1, rows: 1}],
    [
      'one as large as the earth',
      {term: 'x', cols: 0xffffffff, rows: 70_000},
      {term: 'x', columns: 65_535, rows: 65_535},
    ],
    ['one with an option for a name', {term: '-x', cols: 1, rows: 1}, undefined],
    ['one with a path for a name', {term: '../x', cols: 1, rows: 1}, undefined],
    ['one with a line for a name', {term: 'x\ny', cols: 1, rows: 1}, undefined],
  ] as const) {
    it(`a terminal, ${what}, becomes ${JSON.stringify(pty)}`, () => assert.deepEqual(parsePty(request), pty))
  }

  it('signals go by their names in SSH, and by no other', () => {
    assert.deepEqual(['TERM', 'USR1'].map(parseSignal), ['SIGTERM', 'SIGUSR1'])
    assert.deepEqual(
      ['SIGTERM', 'term', 'STOP', '9', '', '__proto__', 'constructor'].map(parseSignal),
      Array(7).fill(undefined),
    )
    assert.deepEqual((['SIGKILL', 'SIGBUS'] as const).map(sshNameOf), ['KILL', undefined])
  })
})
