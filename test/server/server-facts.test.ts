import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {processStart} from '../../src/core/process-identity.ts'
import {livingServer, parseServerFacts} from '../../src/server/server-facts.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

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

describe('livingServer()', () => {
  const folder = temporaryFolder()
  const written = (facts: object): string => {
    const file = join(folder.path, 'server.json')
    writeFileSync(file, JSON.stringify(facts))
    return file
  }

  it('is refused, and not taken for none, where it is of another version: its files would go under it', async () => {
    const {web_port: _, ...other} = {...GOOD, pid: process.pid, started: await processStart(process.pid)}
    await assert.rejects(livingServer(written(other)), {
      code: 'server_failed',
      message: `The server that runs here (process ${process.pid}) is of another version of runcode.`,
      hint: `End it with that version, or so: kill ${process.pid}`,
    })
  })

  it('is none where its process is gone, whatever it said', async () => {
    assert.equal(await livingServer(written({pid: process.pid, started: 'long ago'})), undefined)
    assert.equal(await livingServer(written({pid: process.pid})), undefined)
    assert.equal(await livingServer(written(GOOD)), undefined)
  })
})
