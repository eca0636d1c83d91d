import assert from 'node:assert/strict'
import {NOON, type RunningApi, runApi} from './running-api.ts'

const AT_NOON = NOON.toISOString()

describe('the routes of the owner', () => {
  let api: RunningApi

  beforeEach(async () => {
    api = await runApi()
  })

  afterEach(() => api.close())

  const create = (body: unknown) => api.ask('POST', '/api/server/workspaces', {body})

  it('say how the server is', async () => {
    const {status, body} = await api.ask('GET', '/api/server')
    assert.equal(status, 200)
    assert.deepEqual(body, {
      name: 'runcode-server',
      version: '1.2.3',
      pid: process.pid,
      gateway: {host: '127.0.0.1', port: 4022},
      api_base: `https://localhost:${api.port}`,
      idle_seconds: 600,
      web_base: 'http://localhost:4080',
    })
  })

  it('make a workspace, list it, and refuse its title afterwards', async () => {
    const {status, body} = await create({title: 'calm-reed', custom_title: 'Payments "API"'})
    const workspace = {
      id: 1,
      title: 'calm-reed',
      custom_title: 'Payments "API"',
      interim_state: '',
      current_state: 'stopped',
      workdir: '/srv/calm-reed/project',
      created_at: AT_NOON,
    }
    assert.deepEqual([status, body], [201, workspace])
    assert.deepEqual((await api.ask('GET', '/api/server/workspaces')).body, {workspaces: [workspace]})
    const again = await create({title: 'calm-reed'})
    assert.deepEqual(
      [again.status, again.body],
      [409, {error: true, message: 'There is a workspace calm-reed already.'}],
    )
  })

  for (const body of [
    {},
    {title: ''},
    {title: '-a'},
    {title: 'a-'},
    {title: 'A'},
    {title: 'a.b'},
    {title: 'a\n'},
    {title: 'a'.repeat(41)},
    {title: '41'},
    {title: 5},
    {title: 'a', custom_title: ''},
    {title: 'a', custom_title: 'x'.repeat(101)},
    {title: 'a', custom_title: 'up\u001b[A'},
  ])
    it(`refuse to make a workspace of ${JSON.stringify(body).slice(0, 60)}`, async () => {
      assert.equal((await create(body)).status, 400)
      assert.deepEqual(api.store.workspaces.list(), [])
    })

  it('accept titles of one to forty characters', async () => {
    for (const title of ['a', '0a', 'a-b', 'a'.repeat(40)]) assert.equal((await create({title})).status, 201, title)
  })

  it('remove a workspace with its files, once', async () => {
    await create({title: 'calm-reed'})
    const removed = await api.ask('DELETE', '/api/server/workspaces/1')
    assert.deepEqual(
      [removed.status, removed.body],
      [200, {error: false, message: 'Workspace 1 and its files are gone.'}],
    )
    assert.deepEqual([api.runtime.calls, api.disconnected, api.store.workspaces.list()], [['remove 1'], [1], []])
    assert.equal((await api.ask('DELETE', '/api/server/workspaces/1')).status, 404)
  })

  it('remove a workspace that is starting after it has started, and for one of two that ask', async () => {
    await create({title: 'calm-reed'})
    api.runtime.hold()
    await api.ask('GET', '/api/rc/workspace/start?workspace_id=1')
    const asked = [api.ask('DELETE', '/api/server/workspaces/1'), api.ask('DELETE', '/api/server/workspaces/1')]
    await api.ask('GET', '/api/server')
    assert.deepEqual(api.runtime.calls, ['stop 1'])
    api.runtime.release()
    assert.deepEqual((await Promise.all(asked)).map(({status}) => status).sort(), [200, 404])
    assert.deepEqual(api.runtime.calls, ['stop 1', 'start 1', 'remove 1'])
  })

  it('keep a workspace whose removal failed', async () => {
    await create({title: 'calm-reed'})
    api.runtime.hold()
    const asked = api.ask('DELETE', '/api/server/workspaces/1')
    while (api.runtime.calls.length === 0) await api.ask('GET', '/api/server')
    api.runtime.release(new Error('busy'))
    assert.equal((await asked).status, 500)
    assert.equal(api.store.workspaces.get(1)?.currentState, 'stopped')
  })

  it('make a token for another, show its secret once, and revoke it', async () => {
    const made = await api.ask('POST', '/api/server/tokens', {body: {name: 'laptop'}})
    const {token, ...rest} = made.body as {token: string}
    assert.deepEqual(
      [made.status, rest],
      [201, {id: 3, name: 'laptop', scope: 'user', created_at: AT_NOON, last_used_at: null}],
    )
    const headers = {authorization: `Token ${token}`}
    assert.equal((await api.ask('GET', '/api/rc/workspaces?category=active', {headers})).status, 200)
    const listed = await api.ask('GET', '/api/server/tokens')
    assert.deepEqual(listed.body, {
      tokens: [
        {id: 1, name: 'owner', scope: 'owner', created_at: AT_NOON, last_used_at: AT_NOON},
        {id: 2, name: 'ci', scope: 'user', created_at: AT_NOON, last_used_at: null},
        {id: 3, name: 'laptop', scope: 'user', created_at: AT_NOON, last_used_at: AT_NOON},
      ],
    })
    const revoked = await api.ask('DELETE', '/api/server/tokens/3')
    assert.deepEqual([revoked.status, revoked.body], [200, {error: false, message: 'Token 3 is revoked.'}])
    assert.deepEqual(api.disconnectedTokens, [3])
    assert.equal((await api.ask('GET', '/api/rc/workspaces?category=active', {headers})).status, 401)
    assert.equal((await api.ask('DELETE', '/api/server/tokens/3')).status, 404)
  })

  it('do not let the owner token revoke itself', async () => {
    assert.equal((await api.ask('DELETE', '/api/server/tokens/1')).status, 409)
    assert.equal((await api.ask('GET', '/api/server')).status, 200)
  })

  it('refuse a token without a name, or with one that is not plain', async () => {
    for (const name of [undefined, '', ' a', 'a\nb', 'x'.repeat(65)])
      assert.equal((await api.ask('POST', '/api/server/tokens', {body: {name}})).status, 400, String(name))
  })

  it('give tickets, and confirm codes, but not those that are guessed', async () => {
    const given = await api.ask('POST', '/api/server/logins', {body: {callback_port: 43_210}})
    assert.equal(given.status, 201)
    const {ticket, web_base} = given.body as Record<string, unknown>
    assert.match(String(ticket), /^[\w-]{43}$/)
    assert.equal(web_base, 'http://localhost:4080')
    for (const port of [443, 65_536, '43210'])
      assert.equal((await api.ask('POST', '/api/server/logins', {body: {callback_port: port}})).status, 400)
    const confirm = async (code: string) => (await api.ask('POST', '/api/server/logins/confirm', {body: {code}})).status
    assert.deepEqual([await confirm('12345'), await confirm('1234567')], [400, 400])
    const statuses: (number | undefined)[] = []
    for (let tries = 0; tries < 5; tries += 1) statuses.push(await confirm('123456'))
    assert.deepEqual(statuses, [404, 404, 404, 404, 429])
    assert.equal(api.store.audit.list(1)[0]?.event, 'login_code_wrong')
  })

  it('give no ticket, and confirm no code, to whoever is not the owner', async () => {
    const headers = {authorization: `Token ${api.user}`}
    for (const [path, body] of [
      ['/logins', {callback_port: 43_210}],
      ['/logins/confirm', {code: '123456'}],
    ] as const)
      assert.equal((await api.ask('POST', `/api/server${path}`, {body, headers})).status, 403)
  })
})
