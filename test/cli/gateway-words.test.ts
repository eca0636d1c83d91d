import assert from 'node:assert/strict'
import {parseGatewayWords} from '../../src/cli/gateway-words.ts'

describe('parseGatewayWords()', () => {
  it('takes a profile, a host and a port', () => {
    for (const host of ['gw.example.test', '10.0.0.1', '2001:db8::1', '_x.test'])
      assert.deepEqual(parseGatewayWords(['proxy', '--gateway', 'work', host, '22']), {profile: 'work', host, port: 22})
  })

  it('takes nothing else', () => {
    for (const words of [
      ['work', 'gw', '22', 'more'],
      ['work', 'gw'],
      ['Work', 'gw', '22'],
      ['../work', 'gw', '22'],
      ['work', '-gw', '22'],
      ['work', 'gw\n', '22'],
      ['work', 'gw/x', '22'],
      ['work', 'a b', '22'],
      ['work', '', '22'],
      ['work', 'gw', '0'],
      ['work', 'gw', '022'],
      ['work', 'gw', '2x'],
    ])
      assert.equal(parseGatewayWords(['proxy', '--gateway', ...words]), undefined, words.join(' '))
    assert.equal(parseGatewayWords(['proxy', 'work/41', 'calm-reed']), undefined)
  })
})
