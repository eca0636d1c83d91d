import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {deadlineIn} from '../../src/core/deadline.ts'
import {openControlPlane} from '../../src/provider/open-control-plane.ts'
import type {WorkspaceId} from '../../src/workspace/workspace.ts'
import {type FakeControlPlane, startFakeControlPlane} from '../support/fake-control-plane.ts'

const GOOD = JSON.parse(readFileSync(new URL('../fixtures/good-bundle.json', import.meta.url), 'utf8')) as object
const ID = '41' as WorkspaceId
const LIST = '/api/rc/workspaces'
const MINT = '/api/rc/workspace/41/ssh-session'

describe('a hostile control plane', () => {
  let fake: FakeControlPlane
  let elsewhere: FakeControlPlane
  let heard: string[]

  before(async () => {
    fake = await startFakeControlPlane()
    elsewhere = await startFakeControlPlane()
  })
  after(async () => {
    await fake.close()
    await elsewhere.close()
  })
  beforeEach(() => {
    heard = []
  })

  const deadline = (ms = 10_000) => deadlineIn(ms, new AbortController().signal)
  const plane = () =>
    openControlPlane({
      provider: 'runcode',
      apiBase: fake.apiBase,
      trust: {caFile: fake.caFile, addedCaFile: undefined},
      token: async () => 'rc_secret',
      loginHint: 'Log in.',
      say: (message) => heard.push(message),
    })
  const calls = {
    list: (ms?: number) => plane().listWorkspaces(deadline(ms)),
    start: (ms?: number) => plane().startWorkspace(ID, deadline(ms)),
    stop: (ms?: number) => plane().stopWorkspace(ID, deadline(ms)),
    mint: (ms?: number) => plane().mint({id: ID, publicKey: 'ssh-ed25519 AAAA x', ttlSeconds: 1800}, deadline(ms)),
  }
  /** Plans one answer for whatever is asked. */
  const always = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
    const handler = () => ({status, body, headers})
    for (const path of [LIST, '/api/rc/workspace/start', '/api/rc/workspace/stop']) fake.on('GET', path, handler)
    fake.on('POST', MINT, handler)
  }

  for (const status of [301, 302, 303, 307, 308]) {
    for (const [what, where] of [
      ['plain http', () => elsewhere.apiBase.replace('https:', 'http:')],
      ['another origin', () => elsewhere.apiBase],
      ['itself', () => fake.apiBase],
      ['a path', () => ''],
    ] as const) {
      it(`that redirects with ${status} to ${what} gets nothing more, and says so`, async () => {
        always(status, {message: 'moved'}, {location: `${where()}/api/rc/elsewhere`})
        const first = fake.requests.length
        for (const call of Object.values(calls)) {
          await assert.rejects(call(), {
            code: 'http_error',
            message: `${fake.apiBase} answered ${status}: it points elsewhere, where the token must not go`,
            hint: 'Check the address of the control plane: "runcode doctor" shows it.',
            facts: {status},
          })
        }
        assert.deepEqual(elsewhere.requests, [])
        // Two lists, of which one may be called back before it was sent, a start, a stop and a mint.
        const asked = fake.requests.length - first
        assert.ok(asked === 4 || asked === 5, `${asked} requests`)
        assert.equal(
          fake.requests.some(({path}) => path.includes('elsewhere')),
          false,
        )
      })
    }
  }

  for (const [what, body] of [
    ['HTML', '<!doctype html><title>Sign in</title>'],
    ['nothing', ''],
    ['half of JSON', '{"error":false,"data":{"workspaces":['],
    ['null', 'null'],
    ['a list', '[{"error":false}]'],
    ['a text', '"fine"'],
    ['a number', '200'],
    ['lists in lists', '['.repeat(10_000) + ']'.repeat(10_000)],
  ] as const) {
    it(`that answers 200 with ${what} is not understood, whatever was asked`, async () => {
      always(200, body)
      for (const call of Object.values(calls)) {
        await assert.rejects(call(), {
          code: 'bad_answer',
          message: `${fake.apiBase} gave an answer that cannot be understood: it is no JSON object.`,
          hint: 'Check the address of the control plane: "runcode doctor" shows it.',
          facts: {origin: fake.apiBase},
        })
      }
    })
  }

  it('has its words cut and made printable', async () => {
    always(500, {message: `\u001b]8;;http://evil\u0007${'\u202ex'.repeat(1_000_000)}`})
    await assert.rejects(calls.mint(), ({message}: Error) => message.length < 400 && !/[\p{Cc}\p{Cf}]/u.test(message))
  })

  describe('whose list', () => {
    const list = async (own: string, shared = '{"data":{"workspaces":[]}}') => {
      fake.on('GET', `${LIST}?category=active`, () => ({status: 200, body: own}))
      fake.on('GET', `${LIST}?category=shared`, () => ({status: 200, body: shared}))
      return calls.list()
    }
    const rows = (text: string): string => `{"error":false,"data":{"workspaces":${text}}}`

    it('has ids of every kind gives only those that are whole numbers, exact', async () => {
      const ids = [
        '9007199254740993',
        '-1',
        '1.5',
        '1e2',
        '1e400',
        '"9007199254740993"',
        '"1e3"',
        '"-1"',
        '"0x1"',
        '"1"',
        '1',
        'true',
        '"٣"',
      ]
      const found = await list(rows(`[${ids.map((id, at) => `{"id":${id},"title":"t${at}"}`).join(',')}]`))
      assert.deepEqual(
        found.map(({id, title}) => [id, title]),
        [
          ['1', 't9'],
          ['100', 't3'],
          ['9007199254740993', 't5'],
        ],
      )
    })

    it('has 10,000 rows is read in no time', async () => {
      const row = (at: number) => ({
        id: at,
        title: `w${at}`,
        custom_title: 'x'.repeat(200),
        provider: 'aws',
        more: {a: [1]},
      })
      const text = rows(JSON.stringify(Array.from({length: 10_000}, (_, at) => row(at + 1))))
      const began = performance.now()
      const found = await list(text)
      assert.deepEqual([found.length, found[9999]?.title], [10_000, 'w10000'])
      assert.ok(performance.now() - began < 3000)
    })

    it('has 10 MB of titles is refused by its size', async () => {
      const text = rows(JSON.stringify([{id: 1, title: 'x'.repeat(10 << 20)}]))
      await assert.rejects(list(text), {
        code: 'bad_answer',
        message: `${fake.apiBase} gave an answer that is larger than 8 MiB.`,
      })
    })

    it('has titles of 5 MB gives 500 characters of them', async () => {
      const [only] = await list(
        rows(JSON.stringify([{id: 1, title: 'x'.repeat(5 << 20), custom_title: 'y'.repeat(1 << 20)}])),
      )
      assert.deepEqual([only?.title.length, only?.displayName?.length], [500, 500])
    })

    it('has keys twice, keys of the prototype and deep rows is read by its last and own keys', async () => {
      const deep = '['.repeat(90) + ']'.repeat(90)
      const text = `[{"id":1,"id":2,"title":"a","title":"b","__proto__":{"provider":"aws"},"constructor":{"name":"x"}},${deep}]`
      const [only, ...rest] = await list(rows(text))
      assert.deepEqual(
        [only, rest],
        [{id: '2', title: 'b', displayName: null, state: '', isShared: false, hasSsh: false}, []],
      )
      assert.equal(Reflect.get({}, 'provider'), undefined)
    })

    for (const text of ['{}', '"x"', 'null', '7', 'true']) {
      it(`is ${text} is not understood`, async () => {
        await assert.rejects(list(rows(text)), {
          code: 'bad_answer',
          message: `${fake.apiBase} gave an answer that cannot be understood: it holds no list of workspaces.`,
        })
      })
    }
  })

  describe('that is busy', () => {
    const answers = (
      method: string,
      path: string,
      ...planned: readonly {status: number; body?: unknown; headers?: Record<string, string>}[]
    ) => {
      let at = 0
      fake.on(method, path, () => planned[Math.min(at++, planned.length - 1)] ?? {status: 500})
    }
    const BUSY = {status: 429, body: {detail: 'slow down'}, headers: {'retry-after': '1'}}

    it('and says until when gets the same request again, the same public key included, and the user hears of it once', async () => {
      const first = fake.requests.length
      answers('POST', MINT, BUSY, {...BUSY, status: 503}, {status: 200, body: {error: false, bundle: GOOD}})
      await calls.mint()
      const [one, ...again] = fake.requests.slice(first)
      assert.deepEqual(again, [one, one])
      assert.deepEqual(heard, [
        `${fake.apiBase} answered 429 and asks to wait 1s.`,
        `${fake.apiBase} answered 503 and asks to wait 1s.`,
      ])
    })

    it('in both its lists is waited for once, and mentioned once', async () => {
      for (const category of ['active', 'shared'])
        answers('GET', `${LIST}?category=${category}`, BUSY, {status: 200, body: {data: {workspaces: []}}})
      const began = performance.now()
      assert.deepEqual(await calls.list(), [])
      assert.ok(performance.now() - began < 1900)
      assert.deepEqual(heard, [`${fake.apiBase} answered 429 and asks to wait 1s.`])
    })

    for (const [status, code] of [
      [429, 'rate_limited'],
      [503, 'unavailable'],
    ] as const) {
      it(`for longer than we can wait is refused at once with ${code} and the time`, async () => {
        const first = fake.requests.length
        answers('POST', MINT, {...BUSY, status, headers: {'retry-after': '60'}})
        const began = performance.now()
        await assert.rejects(calls.mint(), {
          code,
          message: `${fake.apiBase} answered ${status}: slow down`,
          retryable: true,
          facts: {status, retry_after_seconds: 60},
        })
        assert.ok(performance.now() - began < 1000)
        assert.deepEqual([fake.requests.length - first, heard], [1, []])
      })

      for (const nonsense of [
        '-1',
        '1e9',
        '1000000000',
        'soon',
        '',
        '99999999999999999999',
        'Fri, 31 Dec 9999 23:59:59 GMT',
      ]) {
        it(`and talks nonsense of when (${JSON.stringify(nonsense)}) is refused with ${code} as if it had said nothing`, async () => {
          const first = fake.requests.length
          answers('POST', MINT, {...BUSY, status, headers: {'retry-after': nonsense}})
          // With more than two seconds left it would be asked again where it may be about to come back.
          await assert.rejects(calls.mint(2000), {code, facts: {status}})
          assert.deepEqual([fake.requests.length - first, heard], [1, []])
        })
      }
    }
  })
})
