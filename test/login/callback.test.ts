import assert from 'node:assert/strict'
import {once} from 'node:events'
import {request} from 'node:http'
import {type Callback, listenForCallback} from '../../src/login/callback.ts'

interface Answer {
  readonly status: number | undefined
  readonly location: string | undefined
  readonly text: string
}

describe('the callback of a login', () => {
  let callback: Callback
  beforeEach(async () => {
    callback = await listenForCallback()
  })
  afterEach(() => callback.close())

  const ask = async (path: string, {method = 'GET', headers = {}} = {}): Promise<Answer> => {
    const sent = request({host: '127.0.0.1', port: callback.port, path, method, headers, agent: false})
    sent.end()
    const [response] = await once(sent, 'response')
    let text = ''
    for await (const chunk of response) text += chunk
    return {status: response.statusCode, location: response.headers.location, text}
  }
  const come = (words: Record<string, string>): Promise<Answer> =>
    ask(`/callback?${new URLSearchParams({state: callback.state, ...words})}`)
  const isWaiting = async (): Promise<boolean> =>
    (await Promise.race([callback.answer, new Promise((resolve) => setImmediate(() => resolve('waits')))])) === 'waits'

  it('gives the first token that comes with its state, and leads the browser away from the address that holds it', async () => {
    const received = await come({token: 'rc_secret', email: 'me@example.test'})
    assert.deepEqual([received.status, received.location], [303, '/done'])
    assert.deepEqual(await callback.answer, {kind: 'token', secret: 'rc_secret', email: 'me@example.test'})
    const last = await ask('/done')
    assert.equal(last.status, 200)
    assert.match(last.text, /The login has arrived/)
    assert.ok(!`${received.text}${last.text}`.includes('rc_secret'))
  })

  it('hears a second answer no more', async () => {
    await come({token: 'rc_first'})
    assert.equal((await come({token: 'rc_second'})).status, 410)
    assert.deepEqual(await callback.answer, {kind: 'token', secret: 'rc_first', email: undefined})
  })

  it('gives a no as one', async () => {
    assert.equal((await come({error: 'access_denied'})).location, '/done')
    assert.deepEqual(await callback.answer, {kind: 'denied'})
    assert.match((await ask('/done')).text, /Denied/)
  })

  it('has a state that nobody guesses, and another one each time', async () => {
    const other = await listenForCallback()
    assert.match(callback.state, /^[\w-]{32}$/)
    assert.notEqual(other.state, callback.state)
    await other.close()
  })

  it('answers whatever else comes, and goes on waiting', async () => {
    const {state} = callback
    for (const [what, path, options, status] of [
      ['no state', '/callback?token=rc_x', {}, 400],
      ['an empty state', '/callback?state=&token=rc_x', {}, 400],
      ['another state', `/callback?state=${state.slice(0, -1)}!&token=rc_x`, {}, 400],
      ['more than the state', `/callback?state=${state}x&token=rc_x`, {}, 400],
      ['a no with another state', '/callback?state=x&error=access_denied', {}, 400],
      ['no token', `/callback?state=${state}`, {}, 400],
      ['a token that is none', `/callback?state=${state}&token=a%0Ab`, {}, 400],
      ['another path', `/callback/x?state=${state}&token=rc_x`, {}, 404],
      ['the last page', '/done', {}, 404],
      ['the icon', '/favicon.ico', {}, 404],
      ['a form', `/callback?state=${state}&token=rc_x`, {method: 'POST'}, 405],
      ['another name (DNS rebinding)', `/callback?state=${state}&token=rc_x`, {headers: {host: 'evil.example'}}, 421],
      ['a name without the port', `/callback?state=${state}&token=rc_x`, {headers: {host: '127.0.0.1'}}, 421],
    ] as const) {
      const answer = await ask(path, options)
      assert.equal(answer.status, status, what)
      assert.ok(!answer.text.includes('rc_x'), what)
      assert.ok(await isWaiting(), what)
    }
  })

  it('keeps an email out that is more than one', async () => {
    await come({token: 'rc_x', email: 'me\u001b[2J'})
    assert.deepEqual(await callback.answer, {kind: 'token', secret: 'rc_x', email: undefined})
  })

  it('listens on 127.0.0.1 only', async () => {
    for (const host of ['::1', '127.0.0.2']) {
      const sent = request({host, port: callback.port, path: '/done', agent: false}).end()
      await assert.rejects(once(sent, 'response'), host)
    }
  })

  it('hears no other user of this machine', async function () {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) this.skip()
    // A socket belongs to whom its maker was (socket(2)); Node makes it when it connects.
    process.seteuid?.(65_534)
    const answer = come({token: 'rc_theirs'}).finally(() => process.seteuid?.(0))
    assert.equal((await answer).status, 403)
    assert.ok(await isWaiting())
  })
})
