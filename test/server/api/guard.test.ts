import assert from 'node:assert/strict'
import {Agent} from 'node:https'
import {connect} from 'node:net'
import {join} from 'node:path'
import Database from 'libsql'
import {type Answer, type RunningApi, runApi} from './running-api.ts'

const UNAUTHORIZED = 'This token is not valid.'
const NO_HEADER = 'This needs the header "Authorization: Token <token>".'

describe('the guard of the API', () => {
  let api: RunningApi

  beforeEach(async () => {
    api = await runApi()
  })

  afterEach(() => api.close())

  const list = (headers: Record<string, string>): Promise<Answer> =>
    api.ask('GET', '/api/rc/workspaces?category=active', {headers})

  for (const [path, method] of [
    ['/api/rc/workspaces?category=active', 'GET'],
    ['/api/rc/workspace/start?workspace_id=1', 'GET'],
    ['/api/rc/workspace/stop?workspace_id=1', 'GET'],
    ['/api/rc/workspace/1/ssh-session', 'POST'],
    ['/api/server', 'GET'],
    ['/api/server/workspaces', 'GET'],
    ['/api/server/workspaces', 'POST'],
    ['/api/server/workspaces/1', 'DELETE'],
    ['/api/server/tokens', 'GET'],
    ['/api/server/tokens', 'POST'],
    ['/api/server/tokens/1', 'DELETE'],
    ['/api/server/logins', 'POST'],
    ['/api/server/logins/confirm', 'POST'],
    ['/nothing/here', 'GET'],
  ] as const)
    it(`answers ${method} ${path} to nobody without a token`, async () => {
      const {status, headers, body} = await api.ask(method, path, {headers: {authorization: ''}})
      assert.deepEqual([status, body], [401, {error: true, message: NO_HEADER, detail: NO_HEADER}])
      assert.deepEqual([headers['www-authenticate'], headers['cache-control']], ['Token', 'no-store'])
    })

  it('accepts a token under its scheme, whatever the case of that', async () => {
    for (const scheme of ['Token', 'token', 'TOKEN'])
      assert.equal((await list({authorization: `${scheme} ${api.user}`})).status, 200)
  })

  it('refuses a token under another scheme, with more text, unknown or revoked', async () => {
    for (const authorization of [`Bearer ${api.user}`, api.user, `Token ${api.user} x`, `Token ${api.user}x`])
      assert.deepEqual((await list({authorization})).body, {error: true, message: NO_HEADER, detail: NO_HEADER})
    const unknown = `Token rc_${'A'.repeat(43)}`
    assert.deepEqual((await list({authorization: unknown})).body, {
      error: true,
      message: UNAUTHORIZED,
      detail: UNAUTHORIZED,
    })
    api.store.tokens.revoke(2)
    assert.equal((await list({authorization: `Token ${api.user}`})).status, 401)
  })

  it('answers under the names of this machine and its port only', async () => {
    for (const host of [`localhost:${api.port}`, `LocalHost:${api.port}`, `127.0.0.1:${api.port}`, `[::1]:${api.port}`])
      assert.equal((await list({host})).status, 200, host)
    for (const host of [
      'localhost',
      'localhost:1',
      `evil.example:${api.port}`,
      `localhost.evil:${api.port}`,
      '127.0.0.1',
    ])
      assert.deepEqual(
        [(await list({host})).status, (await list({host})).body],
        [421, {error: true, message: 'This server has another name.'}],
        host,
      )
  })

  it('answers no web page, not even one of its own address', async () => {
    for (const origin of [`https://localhost:${api.port}`, 'https://evil.example', 'null']) {
      const {status, body} = await list({origin})
      assert.deepEqual([status, body], [403, {error: true, message: 'This server does not answer web pages.'}])
    }
  })

  for (const [method, path] of [
    ['GET', '/api/server'],
    ['GET', '/api/server/workspaces'],
    ['POST', '/api/server/workspaces'],
    ['DELETE', '/api/server/workspaces/1'],
    ['GET', '/api/server/tokens'],
    ['POST', '/api/server/tokens'],
    ['DELETE', '/api/server/tokens/2'],
  ] as const)
    it(`keeps ${method} ${path} to the owner`, async () => {
      const {status, body} = await api.ask(method, path, {headers: {authorization: `Token ${api.user}`}})
      assert.deepEqual([status, body], [403, {error: true, message: 'Only the owner of this server may do this.'}])
    })

  it('says in JSON what is not there, and has no HEAD that would act as GET', async () => {
    for (const [method, path] of [
      ['GET', '/'],
      ['POST', '/api/rc/workspaces?category=active'],
      ['GET', '/api/rc/'],
    ] as const)
      assert.deepEqual((await api.ask(method, path)).body, {error: true, message: 'There is nothing here.'})
    const {id} = api.store.workspaces.create({title: 'calm-reed', customTitle: null}, new Date())
    assert.equal((await api.ask('HEAD', `/api/rc/workspace/start?workspace_id=${id}`)).status, 404)
    assert.deepEqual(api.runtime.calls, [])
  })

  it('refuses a body that is too large, no JSON, or of another kind', async () => {
    const post = async (body: string, type = 'application/json'): Promise<number | undefined> =>
      (await api.ask('POST', '/api/server/tokens', {body, headers: {'content-type': type}})).status
    assert.equal(await post(JSON.stringify({name: 'x'.repeat(64 * 1024)})), 413)
    assert.equal(await post('{"name":'), 400)
    assert.equal(await post('<name/>', 'application/xml'), 415)
    assert.equal(await post('{"__proto__":{"name":"x"}}'), 400)
  })

  it('answers a path that cannot be decoded without a word of its own insides', async () => {
    const {status, headers, body} = await api.ask('GET', '/%zz')
    assert.deepEqual([status, headers['cache-control']], [400, 'no-store'])
    assert.deepEqual(Object.keys(body as object), ['error', 'message'])
  })

  it('answers a mistake of its own without a word of its insides, and writes it to the audit', async () => {
    const broken = api.store.workspaces.list
    Object.assign(api.store.workspaces, {
      list: () => {
        throw new Error('secret inside')
      },
    })
    const {status, body} = await list({})
    Object.assign(api.store.workspaces, {list: broken})
    assert.deepEqual([status, body], [500, {error: true, message: 'The server made a mistake, or its disk is full.'}])
    assert.deepEqual(api.store.audit.list(1)[0]?.facts, {
      method: 'GET',
      route: '/api/rc/workspaces',
      reason: 'secret inside',
    })
  })

  it('answers as ever while its disk is full: what needs no write works, what fails says so in the same shape', async () => {
    const raw = new Database(join(api.folder, 'store.db'))
    for (const [name, write] of Object.entries({a: 'UPDATE ON tokens', b: 'INSERT ON audit', c: 'INSERT ON tokens'}))
      raw.exec(`CREATE TRIGGER ${name} BEFORE ${write} BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
    raw.close()
    assert.equal((await list({})).status, 200)
    const {status, body} = await api.ask('POST', '/api/server/tokens', {body: {name: 'laptop'}})
    assert.deepEqual([status, body], [500, {error: true, message: 'The server made a mistake, or its disk is full.'}])
  })

  it('counts as activity what a known token asks, but not how the server is', async () => {
    await api.ask('GET', '/api/server')
    await list({authorization: ''})
    assert.equal(api.activityCount(), 0)
    await list({})
    assert.equal(api.activityCount(), 1)
  })

  it('answers its owner while somebody holds more connections than it has room for', async () => {
    const strangers = Array.from({length: 300}, () => connect(api.port, '127.0.0.1').on('error', () => undefined))
    await Promise.all(strangers.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
    const {status} = await list({})
    for (const socket of strangers) socket.destroy()
    assert.equal(status, 200)
  })

  it('ends a connection that asks no more', async () => {
    const agent = new Agent({keepAlive: true})
    const {status} = await api.ask('GET', '/api/server', {agent})
    assert.equal(status, 200)
    const [socket] = Object.values(agent.freeSockets).flat()
    assert.ok(socket)
    const startedMs = performance.now()
    await new Promise((resolve) => socket.once('close', resolve))
    const elapsedMs = performance.now() - startedMs
    assert.ok(elapsedMs < 15_000, `after ${elapsedMs} ms`)
  })

  it('ends a connection that never begins to speak TLS, also where its client does not end it', async function () {
    this.timeout(40_000)
    const mute = connect({port: api.port, host: '127.0.0.1', allowHalfOpen: true})
    const ended = new Promise((resolve) => mute.on('error', resolve).on('end', resolve).resume())
    await ended
    mute.destroy()
  })

  it('closes although somebody connected and says nothing', async () => {
    const other = await runApi()
    const silent = connect(other.port, '127.0.0.1')
    await new Promise((resolve) => silent.on('connect', resolve))
    const gone = new Promise((resolve) => silent.on('close', resolve).on('error', () => undefined))
    await other.close()
    await gone
  })

  it('closes although somebody speaks no TLS', async () => {
    const noise = connect(api.port, '127.0.0.1', () => noise.write('GET / HTTP/1.1\r\n\r\n'))
    noise.on('error', () => undefined)
    await new Promise((resolve) => noise.on('close', resolve).resume())
    assert.equal((await list({})).status, 200)
  })
})
