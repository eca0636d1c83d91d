import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {Agent, request} from 'node:https'
import {type AttackedServer, attackedServer} from './attacked-server.ts'

describe('an API that is asked by strangers all the time', () => {
  let server: AttackedServer
  before(async () => {
    server = await attackedServer()
  })
  after(() => server.remove())

  it('answers 10,000 requests without a token, or with a wrong one, and grows little', async () => {
    const {apiPort: port} = server.facts
    const agent = new Agent({keepAlive: true, maxSockets: 32, ca: readFileSync(server.folder.caFile)})
    const ask = (at: number): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const headers = at % 2 === 0 ? {} : {authorization: `Token rc_${String(at).padStart(43, 'x')}`}
        request({host: 'localhost', port, agent, path: '/api/server', headers}, (response) => {
          response.resume().on('end', () => resolve(response.statusCode))
        })
          .on('error', reject)
          .end()
      })
    for (let i = 0; i < 500; i += 1) await ask(i)
    const before = server.rssBytes()
    for (let i = 0; i < 10_000; i += 500) {
      const statuses = await Promise.all(Array.from({length: 500}, (_, at) => ask(i + at)))
      assert.deepEqual([...new Set(statuses)], [401])
    }
    agent.destroy()
    const grownBytes = server.rssBytes() - before
    assert.equal(grownBytes < 64 << 20, true, `grew by ${grownBytes} bytes`)
  })
})
