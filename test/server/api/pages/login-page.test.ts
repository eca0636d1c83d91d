import assert from 'node:assert/strict'
import {connect, createServer} from 'node:net'
import {createPages} from '../../../../src/server/api/pages/create-pages.ts'
import {MAX_PAGE_CONNECTIONS} from '../../../../src/server/limits.ts'
import {until} from '../../../support/until.ts'
import {type PageAnswer, type RunningPages, runPages} from './running-pages.ts'

const [PORT, STATE] = [43_210, 'the-state-of-a-client']
const query = (ticket?: string, {port = String(PORT), state = STATE} = {}): string =>
  `/auth/cli-login/?${new URLSearchParams({port, state, ...(ticket === undefined ? {} : {ticket})})}`

describe('the page of a login', () => {
  let pages: RunningPages
  before(async () => {
    pages = await runPages()
  })
  after(() => pages.close())

  const hidden = (text: string, name: string): string =>
    new RegExp(`name="${name}" value="([^"]+)"`).exec(text)?.[1] ?? ''
  /** Sends the form of a page as a browser would, but for what is changed. */
  const answer = (page: PageAnswer, choice: string, headers: Record<string, string> = {}): Promise<PageAnswer> => {
    const [cookie = ''] = /^[^;]+/.exec(String(page.headers['set-cookie'])) ?? []
    const type = 'application/x-www-form-urlencoded'
    const form = new URLSearchParams({
      id: hidden(page.text, 'id'),
      form_secret: hidden(page.text, 'form_secret'),
      answer: choice,
    })
    return pages.ask(
      'POST',
      '/auth/cli-login/',
      {origin: pages.origin, cookie, 'content-type': type, ...headers},
      form.toString(),
    )
  }
  const open = (ticket?: string): Promise<PageAnswer> => pages.ask('GET', query(ticket))
  const target = ({headers}: PageAnswer): URL => new URL(String(headers['location']))
  const tokenCount = (): number => pages.store.tokens.list().length

  it('gives a token that uses workspaces and manages nothing to the callback of the ticket, once', async () => {
    const page = await open(pages.logins.issueTicket(PORT))
    const approved = await answer(page, 'approve')
    assert.equal(approved.status, 303)
    const {origin, pathname, searchParams} = target(approved)
    assert.deepEqual([origin, pathname, searchParams.get('state')], [`http://127.0.0.1:${PORT}`, '/callback', STATE])
    assert.equal(searchParams.get('email'), 'me@<host>')
    const token = pages.store.tokens.verify(searchParams.get('token') ?? '', new Date())
    assert.deepEqual([token?.scope, token?.name], ['user', 'browser login'])
    const tokens = tokenCount()
    assert.equal((await answer(page, 'approve')).status, 410)
    assert.equal(tokenCount(), tokens)
  })

  it('tells the client of a no, and makes no token', async () => {
    const tokens = tokenCount()
    const denied = target(await answer(await open(pages.logins.issueTicket(PORT)), 'deny'))
    assert.equal(denied.href, `http://127.0.0.1:${PORT}/callback?state=${STATE}&error=access_denied`)
    assert.equal(tokenCount(), tokens)
  })

  it('gives nothing to who has no ticket, before the code that it shows was confirmed', async () => {
    const tokens = tokenCount()
    const page = await open()
    const [, code = ''] = /runcode server approve (\d{6})</.exec(page.text) ?? []
    const early = await answer(page, 'approve')
    assert.deepEqual([early.status, tokenCount()], [200, tokens])
    assert.match(early.text, /role="alert">Not confirmed yet/)
    assert.ok(early.text.includes(`approve ${code}<`))
    assert.equal(pages.logins.confirm(code), 'confirmed')
    assert.match(target(await answer(page, 'approve')).searchParams.get('token') ?? '', /^rc_/)
  })

  it('is over after five minutes, and says how to begin again', async () => {
    const ticket = pages.logins.issueTicket(PORT)
    const page = await open(ticket)
    pages.pass(301)
    for (const late of [await open(ticket), await answer(page, 'approve')]) {
      assert.equal(late.status, 410)
      assert.match(late.text, /<code>runcode login<\/code>/)
    }
  })

  for (const [what, headers] of [
    ['of another origin', {origin: 'http://evil.example'}],
    ['of another port of this machine', {origin: 'http://localhost:1'}],
    ['of no origin', {origin: 'null'}],
    ['without an origin', {origin: ''}],
    ['without the cookie', {cookie: ''}],
    ['with the cookie of another login', {cookie: 'runcode_login_x=y'}],
    ['as JSON', {'content-type': 'application/json'}],
    ['as text', {'content-type': 'text/plain'}],
  ] as const) {
    it(`takes no form ${what}`, async () => {
      const tokens = tokenCount()
      const {status} = await answer(await open(pages.logins.issueTicket(PORT)), 'approve', headers)
      assert.ok(status !== undefined && status >= 400 && status < 500, String(status))
      assert.equal(tokenCount(), tokens)
    })
  }

  it('knows one name, so that no other that leads here is heard (DNS rebinding)', async () => {
    for (const host of ['evil.example', `evil.example:${pages.port}`, `127.0.0.1:${pages.port}`, 'localhost'])
      assert.equal((await pages.ask('GET', query(), {host})).status, 421, host)
  })

  for (const [what, path] of [
    ['no port', '/auth/cli-login/?state=the-state-of-a-client'],
    ['a port of the system', query(undefined, {port: '1023'})],
    ['a port that is none', query(undefined, {port: '65536'})],
    ['two ports', `${query()}&port=43211`],
    ['no state', '/auth/cli-login/?port=43210'],
    ['a state with more in it', query(undefined, {state: 'the-state-of-a-client&token=x'})],
    ['a state that can be guessed', query(undefined, {state: 'short'})],
    ['two tickets', `${query()}&ticket=a&ticket=b`],
  ] as const)
    it(`is not shown for ${what}`, async () => assert.equal((await pages.ask('GET', path)).status, 400))

  it('runs no script, stands in no frame, leads to the callback only, and is kept nowhere', async () => {
    const {headers, text} = await open()
    assert.match(
      String(headers['content-security-policy']),
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self' http:\/\/127\.0\.0\.1:43210; base-uri 'none'; frame-ancestors 'none'$/,
    )
    assert.deepEqual(
      [headers['x-frame-options'], headers['cache-control'], headers['referrer-policy']],
      ['DENY', 'no-store', 'same-origin'],
    )
    assert.match(String(headers['set-cookie']), /; HttpOnly; SameSite=Strict$/)
    assert.ok(!/<script|\son\w+=|style=/i.test(text))
    assert.ok(text.includes('me@&#60;host&#62;'), 'what is filled in is text')
  })

  it('answers whatever else is asked with a page', async () => {
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/favicon.ico'],
      ['PUT', '/auth/cli-login/'],
      ['GET', '/%'],
    ] as const) {
      const {status, headers} = await pages.ask(method, path)
      assert.ok(status === 404 || status === 400, `${method} ${path}: ${status}`)
      assert.match(String(headers['content-type']), /^text\/html/)
    }
  })

  it('is there for the owner however many others are asked for meanwhile, of which the latest are kept', async () => {
    const page = await open(pages.logins.issueTicket(PORT))
    const others: PageAnswer[] = []
    for (let round = 0; round < 50; round += 1)
      others.push(...(await Promise.all(Array.from({length: 20}, () => open()))))
    assert.deepEqual([...new Set(others.map(({status}) => status))], [200])
    const statusOf = async (other: PageAnswer | undefined) => (await answer(other ?? assert.fail(), 'deny')).status
    assert.deepEqual([await statusOf(others[0]), await statusOf(others.at(-1))], [410, 303])
    const unknown = {...page, text: page.text.replace(/name="id" value="[^"]+"/, 'name="id" value="unknown"')}
    for (let one = 0; one < 20; one += 1) assert.equal(await statusOf(unknown), 410)
    assert.equal((await answer(page, 'approve')).status, 303)
  })

  it('keeps out nobody by connections that wait', async () => {
    const waiting = Array.from({length: MAX_PAGE_CONNECTIONS + 5}, () => connect(pages.port, '127.0.0.1'))
    let closed = 0
    for (const one of waiting) one.on('close', () => (closed += 1)).on('error', () => undefined)
    await until(
      () => closed >= 5,
      () => `${closed} were closed`,
      3000,
    )
    assert.equal((await open()).status, 200)
    for (const one of waiting) one.destroy()
  })
})

describe('the port of the pages', () => {
  it('is one where nobody else is met first, by IPv6', async function () {
    const stranger = createServer()
    const isListening = await new Promise((resolve) =>
      stranger.on('error', () => resolve(false)).listen(0, '::1', () => resolve(true)),
    )
    if (!isListening) this.skip()
    const {port} = stranger.address() as {port: number}
    const pages = createPages({...({} as Parameters<typeof createPages>[0])})
    await assert.rejects(pages.listen(port), {code: 'EADDRINUSE'})
    stranger.close()
  })
})
