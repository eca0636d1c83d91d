import assert from 'node:assert/strict'
import {existsSync, readFileSync} from 'node:fs'
import {request} from 'node:https'
import {type FakeControlPlane, startFakeControlPlane} from '../support/fake-control-plane.ts'

describe('the fake control plane', () => {
  let plane: FakeControlPlane

  beforeEach(async () => {
    plane = await startFakeControlPlane()
  })

  afterEach(() => plane.close())

  const ask = (method: string, path: string, body?: string): Promise<[number | undefined, string, string]> =>
    new Promise((resolve, reject) => {
      const headers = {authorization: 'Token rc_x'}
      const options = {method, ca: readFileSync(plane.caFile), agent: false, headers}
      const sent = request(`${plane.apiBase}${path}`, options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve([response.statusCode, response.headers['content-type'] ?? '', text]))
      })
      sent.on('error', reject).end(body)
    })

  it('answers as planned, the longer plan first, and remembers who asked for what', async () => {
    plane.on('GET', '/list', () => ({status: 200, body: {all: true}}))
    plane.on('GET', '/list?category=shared', async () => ({status: 200, body: 'no JSON'}))
    plane.on('POST', '/mint', ({body}) => ({
      status: 201,
      headers: {'content-type': 'text/x-echo'},
      body: JSON.stringify(body),
    }))
    assert.deepEqual(await ask('GET', '/list?category=active'), [200, 'application/json', '{"all":true}'])
    assert.deepEqual(await ask('GET', '/list?category=shared'), [200, '', 'no JSON'])
    assert.deepEqual(await ask('POST', '/mint', '{"ttl":5}'), [201, 'text/x-echo', '{"ttl":5}'])
    const authorization = 'Token rc_x'
    assert.deepEqual(plane.requests, [
      {method: 'GET', path: '/list?category=active', authorization, body: undefined},
      {method: 'GET', path: '/list?category=shared', authorization, body: undefined},
      {method: 'POST', path: '/mint', authorization, body: {ttl: 5}},
    ])
    assert.deepEqual(plane.unplanned, [])
  })

  it('answers what nobody planned with 500, and remembers it', async () => {
    plane.on('GET', '/list', () => ({status: 200}))
    assert.equal((await ask('POST', '/list'))[0], 500)
    assert.deepEqual(plane.unplanned, ['POST /list'])
  })

  it('leaves no file behind', async () => {
    const other = await startFakeControlPlane()
    await other.close()
    assert.equal(existsSync(other.caFile), false)
  })
})
