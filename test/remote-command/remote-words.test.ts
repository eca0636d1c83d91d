import assert from 'node:assert/strict'
import {parseRemoteWords, toPosix} from '../../src/remote-command/remote-words.ts'

describe('parseRemoteWords()', () => {
  it('takes one word for a line and several for an argv', () => {
    assert.deepEqual(parseRemoteWords(['ls -l']), {kind: 'line', line: 'ls -l'})
    assert.deepEqual(parseRemoteWords(['ls', '-l', '']), {kind: 'argv', argv: ['ls', '-l', '']})
  })

  it('refuses no words, and names the place of a word that cannot be carried', () => {
    assert.throws(() => parseRemoteWords([]), {name: 'NoCommandError', code: 'usage'})
    for (const bad of ['a\0b', 'a\u{fffd}b'])
      assert.throws(() => parseRemoteWords(['ls', bad]), {
        name: 'UncarriableWordError',
        code: 'usage',
        facts: {position: 2},
      })
  })
})

it('toPosix() gives a line to the login shell, and an argv word by word', () => {
  assert.equal(toPosix({kind: 'line', line: "echo 'a'"}), `"\${SHELL:-/bin/sh}" -c 'echo '\\''a'\\'''`)
  assert.equal(toPosix({kind: 'argv', argv: ['a', '', 'b c']}), `'a' '' 'b c'`)
})
