import assert from 'node:assert/strict'
import {parseRemoteWords, parseScript} from '../../src/remote-command/remote-words.ts'

describe('parseRemoteWords()', () => {
  it('takes one word for a line and several for an argv', () => {
    assert.deepEqual(parseRemoteWords(['ls -l'], 'guess'), {kind: 'line', line: 'ls -l'})
    assert.deepEqual(parseRemoteWords(['ls', '-l', ''], 'guess'), {kind: 'argv', argv: ['ls', '-l', '']})
  })

  it('takes them for what it is told to, and joins a line with blanks as ssh does', () => {
    assert.deepEqual(parseRemoteWords(['a b'], 'argv'), {kind: 'argv', argv: ['a b']})
    assert.deepEqual(parseRemoteWords(['a', '', 'b'], 'shell'), {kind: 'line', line: 'a  b'})
  })

  it('refuses no words, and names the place of a word that cannot be carried', () => {
    assert.throws(() => parseRemoteWords([], 'argv'), {name: 'NoCommandError', code: 'usage'})
    for (const bad of ['a\0b', 'a\u{fffd}b'])
      for (const parse of [
        (words: string[]) => parseRemoteWords(words, 'guess'),
        (words: string[]) => parseScript(Buffer.from(''), words),
      ])
        assert.throws(() => parse(['ls', bad]), {name: 'UncarriableWordError', code: 'usage', facts: {position: 2}})
  })
})
