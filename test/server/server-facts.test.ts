import assert from 'node:assert/strict'
import {parseServerFacts} from '../../src/server/server-facts.ts'

const GOOD = {
  pid: 7,
  started: '123@boot',
  version: '1.2.3',
  api_port: 4443,
  gateway_port: 4022,
  web_port: 4080,
  api_base: 'https://localhost:4443',
  ca_file: '/home/me/ca.pem',
  idle_seconds: null,
}

describe('parseServerFacts()', () => {
  it('reads what a server wrote', () => {
    assert.deepEqual(parseServerFacts(JSON.stringify(GOOD)), {
      pid: 7,
      started: '123@boot',
      version: '1.2.3',
      apiPort: 4443,
      gatewayPort: 4022,
      webPort: 4080,
      apiBase: 'https://localhost:4443',
      caFile: '/home/me/ca.pem',
      idleSeconds: undefined,
    })
  })

  for (const patch of [
    {pid: 0},
    {pid: '7'},
    {pid: -7},
    {started: 5},
    {api_port: 65_536},
    {gateway_port: null},
    {web_port: undefined},
    {api_base: 'https://evil.example:4443'},
    {api_base: 'http://localhost:4443'},
    {ca_file: undefined},
    {idle_seconds: 'never'},
  ])
    it(`knows no server by ${JSON.stringify(patch)}`, () => {
      assert.equal(parseServerFacts(JSON.stringify({...GOOD, ...patch})), undefined)
    })

  for (const text of ['', 'null', '[]', '{', '"x"'])
    it(`knows no server by the text ${JSON.stringify(text)}`, () => {
      assert.equal(parseServerFacts(text), undefined)
    })
})
