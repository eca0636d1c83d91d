import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {deadlineIn} from '../../src/core/deadline.ts'
import {openControlPlane} from '../../src/provider/open-control-plane.ts'
import type {WorkspaceId} from '../../src/workspace/workspace.ts'
import {type FakeControlPlane, startFakeControlPlane} from '../support/fake-control-plane.ts'

const GOOD = JSON.parse(readFileSync(new URL('../fixtures/good-bundle.json', import.meta.url), 'utf8')) as object
const ID = '41' as WorkspaceId
const LIST = '/api/rc/workspaces'
const START = '/api/rc/workspace/start'
const STOP = '/api/rc/workspace/stop'
const MINT = '/api/rc/workspace/41/ssh-session'

describe("RunCode's control plane", () => {
  let fake: FakeControlPlane

  before(async () => {
    fake = await startFakeControlPlane()
  })
  after(() => fake.close())

  let first: number
  beforeEach(() => {
    first = fake.requests.length
  })
  afterEach(() => assert.deepEqual(fake.unplanned, []))

  const seen = () => fake.requests.slice(first)
  const deadline = () => deadlineIn(10_000, new AbortController().signal)
  const plane = (path = '', token = async () => 'rc_x') =>
    openControlPlane({
      provider: 'runcode',
      apiBase: `${fake.apiBase}${path}`,
      trust: {caFile: fake.caFile, addedCaFile: undefined},
      token,
      loginHint: 'Log in: runcode login --paste --profile x',
      say: () => undefined,
    })
  const answer = (method: string, path: string, status: number, body?: unknown, headers = {}) =>
    fake.on(method, path, () => ({status, body, headers}))
  const lists = (own: unknown, shared: unknown): void => {
    answer('GET', `${LIST}?category=active`, 200, {error: false, data: {workspaces: own}})
    answer('GET', `${LIST}?category=shared`, 200, {error: false, data: {workspaces: shared}})
  }
  const mint = () => plane().mint({id: ID, publicKey: 'ssh-ed25519 AAAA runcode', ttlSeconds: 1800}, deadline())

  describe('listWorkspaces()', () => {
    it('asks for both lists, side by side, with the token', async () => {
      let waiting = 0
      const together = new Promise<void>((resolve) => {
        for (const category of ['active', 'shared']) {
          fake.on('GET', `${LIST}?category=${category}`, async () => {
            waiting += 1
            if (waiting === 2) resolve()
            await together
            return {status: 200, body: {data: {workspaces: []}}}
          })
        }
      })
      assert.deepEqual(await plane().listWorkspaces(deadline()), [])
      assert.deepEqual(
        seen().toSorted((a, b) => a.path.localeCompare(b.path)),
        ['active', 'shared'].map((category) => ({
          method: 'GET',
          path: `${LIST}?category=${category}`,
          authorization: 'Token rc_x',
          body: undefined,
        })),
      )
    })

    it('keeps the path of the base', async () => {
      answer('GET', `/team/api${LIST}`, 200, {data: {workspaces: []}})
      await plane('/team/api/').listWorkspaces(deadline())
      assert.equal(seen().length, 2)
    })

    it('gives rows as facts: trimmed, lower case states, the interim state first, no provider', async () => {
      lists(
        [
          {
            id: 42,
            title: ' bold-lake ',
            custom_title: null,
            provider: 'gcp',
            interim_state: ' ',
            current_state: ' Running ',
          },
          {
            id: 41,
            title: 'calm-reed',
            custom_title: ' Payments API ',
            provider: 'aws',
            interim_state: 'STARTING',
            current_state: 'stopped',
            more: 1,
          },
        ],
        [{id: '7', title: 'wild-moon', provider: 'aws'}],
      )
      assert.deepEqual(await plane().listWorkspaces(deadline()), [
        {id: '7', title: 'wild-moon', displayName: null, state: '', isShared: true, hasSsh: true},
        {id: '41', title: 'calm-reed', displayName: 'Payments API', state: 'starting', isShared: false, hasSsh: true},
        {id: '42', title: 'bold-lake', displayName: null, state: 'running', isShared: false, hasSsh: false},
      ])
    })

    it('shows a workspace once, as own where it is in both lists, sorted by number', async () => {
      const row = (id: number, title: string) => ({id, title, provider: 'aws', current_state: 'running'})
      lists([row(10, 'ten'), row(9, 'nine'), row(10, 'again')], [row(9, 'squatter'), row(100, 'hundred')])
      const found = (await plane().listWorkspaces(deadline())).map(({id, title, isShared}) => [id, title, isShared])
      assert.deepEqual(found, [
        ['9', 'nine', false],
        ['10', 'ten', false],
        ['100', 'hundred', true],
      ])
    })

    it('skips rows that are no workspaces', async () => {
      const ids = [-1, 1.5, true, null, undefined, '', 'x', '../1', '1\n', 2 ** 53, {}, '9'.repeat(65), '041']
      const bad = [null, 'row', 7, [], {}, {id: 1}, {id: 1, title: 7}, {id: 1, title: ' '}]
      lists([...bad, ...ids.map((id) => ({id, title: 'x'})), {id: 5, title: 'good'}], [])
      assert.deepEqual(
        (await plane().listWorkspaces(deadline())).map(({id}) => id),
        ['5'],
      )
    })

    for (const body of [{data: {workspaces: {}}}, {data: null}, {data: []}, {}, {workspaces: []}, [], 'text', null]) {
      it(`refuses ${JSON.stringify(body)}`, async () => {
        answer('GET', LIST, 200, JSON.stringify(body))
        lists([], [])
        answer('GET', `${LIST}?category=shared`, 200, JSON.stringify(body))
        await assert.rejects(plane().listWorkspaces(deadline()), {name: 'BadAnswerError', code: 'bad_answer'})
      })
    }
  })

  for (const [verb, path, call] of [
    ['start', START, () => plane().startWorkspace(ID, deadline())],
    ['stop', STOP, () => plane().stopWorkspace(ID, deadline())],
  ] as const) {
    describe(`${verb}Workspace()`, () => {
      it('asks once', async () => {
        answer('GET', path, 200, {error: false, message: 'fine'})
        assert.equal(await call(), undefined)
        assert.deepEqual(seen(), [
          {method: 'GET', path: `${path}?workspace_id=41`, authorization: 'Token rc_x', body: undefined},
        ])
      })

      it('gives the reason of a refusal, made printable', async () => {
        answer('GET', path, 200, {error: true, message: 'No\u001b[31m balance'})
        await assert.rejects(call(), {
          name: 'RefusedError',
          code: `${verb}_failed`,
          exit: 2,
          message: `The control plane refused to ${verb} the workspace: No\ufffd[31m balance`,
        })
        answer('GET', path, 200, {error: true})
        await assert.rejects(call(), {message: `The control plane refused to ${verb} the workspace: no reason given`})
      })

      for (const body of ['<html>', '', 'null', '[]', '"ok"', '7']) {
        it(`does not take ${JSON.stringify(body)} for success`, async () => {
          answer('GET', path, 200, body)
          await assert.rejects(call(), {name: 'BadAnswerError', code: 'bad_answer'})
        })
      }
    })
  }

  describe('mint()', () => {
    it('sends the public key and the time, and gives the bundle with the clock of the control plane', async () => {
      answer('POST', MINT, 201, {error: false, bundle: GOOD}, {date: 'Wed, 02 Jan 2030 03:04:05 GMT'})
      const {bundle, date} = await mint()
      assert.deepEqual([bundle.host, bundle.port, bundle.user], ['ssh.ws.example.com', 2222, 'calm-reed-00112233'])
      assert.deepEqual(date, new Date('2030-01-02T03:04:05Z'))
      assert.deepEqual(seen(), [
        {
          method: 'POST',
          path: MINT,
          authorization: 'Token rc_x',
          body: {public_key: 'ssh-ed25519 AAAA runcode', ttl: 1800, client: 'runcode-cli'},
        },
      ])
    })

    it('believes a gateway on loopback, as this control plane is on loopback itself', async () => {
      answer('POST', MINT, 200, {error: false, bundle: {...GOOD, host: '127.0.0.1'}})
      assert.equal((await mint()).bundle.host, '127.0.0.1')
    })

    it('gives a refusal in words as a conflict', async () => {
      answer('POST', MINT, 200, {error: true, message: 'not now'})
      await assert.rejects(mint(), {code: 'conflict', message: 'The control plane refused the session: not now'})
    })

    it('refuses a bundle that is not safe', async () => {
      answer('POST', MINT, 200, {error: false, bundle: {...GOOD, user: '-oProxyCommand=x'}})
      await assert.rejects(mint(), {code: 'unsafe_bundle', facts: {field: 'user'}})
      answer('POST', MINT, 200, {error: false, bundle: null})
      await assert.rejects(mint(), {code: 'unsafe_bundle'})
    })

    for (const body of ['{"error":false}', '{}', 'null', '[]', '"x"', '<html>']) {
      it(`finds no bundle in ${body}`, async () => {
        answer('POST', MINT, 200, body)
        await assert.rejects(mint(), {name: 'BadAnswerError', code: 'bad_answer'})
      })
    }
  })

  for (const [status, code] of [
    [400, 'bad_request'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [409, 'conflict'],
    [429, 'rate_limited'],
    [503, 'unavailable'],
    [418, 'http_error'],
    [500, 'http_error'],
  ] as const) {
    it(`gives ${code} for HTTP ${status}, whatever was asked`, async () => {
      const refusal = {name: 'RefusedError', code, exit: 2, facts: {status}}
      for (const [method, path, call] of [
        ['GET', START, () => plane().startWorkspace(ID, deadline())],
        ['GET', STOP, () => plane().stopWorkspace(ID, deadline())],
        ['POST', MINT, mint],
      ] as const) {
        answer(method, path, status, {message: 'because'})
        await assert.rejects(call(), {...refusal, message: `${fake.apiBase} answered ${status}: because`})
      }
      lists([], [])
      answer('GET', `${LIST}?category=shared`, status, '<html>')
      await assert.rejects(plane().listWorkspaces(deadline()), {
        ...refusal,
        message: `${fake.apiBase} answered ${status}`,
      })
    })
  }

  it('says how the very account whose token is refused gets another', async () => {
    answer('GET', START, 401, {})
    await assert.rejects(plane().startWorkspace(ID, deadline()), {
      hint: 'The token is not accepted (any more). Log in: runcode login --paste --profile x',
    })
  })

  it('tells how long to wait where the control plane said so', async () => {
    answer('GET', START, 429, {}, {'retry-after': '30'})
    await assert.rejects(plane().startWorkspace(ID, deadline()), {
      facts: {status: 429, retry_after_seconds: 30},
      retryable: true,
    })
  })

  for (const [body, words] of [
    [{message: ' a ', detail: 'b', error: 'c'}, ': a'],
    [{message: '', detail: 'b'}, ': b'],
    [{message: 7, error: 'c'}, ': c'],
    [{error: true}, ''],
    [{message: 'the token rc_x is over'}, ': the token [token] is over'],
    [{message: `${'x'.repeat(297)}rc_x`}, `: ${'x'.repeat(297)}[to`],
    [{message: 'x'.repeat(1000)}, `: ${'x'.repeat(300)}`],
    [[1], ''],
  ] as const) {
    it(`says ${JSON.stringify(words.slice(0, 9))} of ${JSON.stringify(body).slice(0, 40)}`, async () => {
      answer('GET', START, 400, body)
      await assert.rejects(plane().startWorkspace(ID, deadline()), {message: `${fake.apiBase} answered 400${words}`})
    })
  }

  it('asks for no token where the address is not https', async () => {
    const token = () => assert.fail('asked')
    const trust = {caFile: undefined, addedCaFile: undefined}
    const options = {provider: 'runcode', trust, token, loginHint: '', say: () => undefined} as const
    assert.throws(() => openControlPlane({...options, apiBase: 'http://localhost'}), {code: 'insecure_base'})
  })

  it('sends nothing where there is no token', async () => {
    const none = plane('', () => Promise.reject(new RangeError('no token')))
    await assert.rejects(none.startWorkspace(ID, deadline()), RangeError)
    assert.deepEqual(seen(), [])
  })
})
