import assert from 'node:assert/strict'
import {readdirSync, readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {useFakeAccount} from '../support/fake-account.ts'
import {type FakeControlPlane, startFakeControlPlane} from '../support/fake-control-plane.ts'
import {runcode} from '../support/runcode.ts'
import {temporaryHome} from '../support/temporary-home.ts'

const GOOD = JSON.parse(readFileSync(new URL('../fixtures/good-bundle.json', import.meta.url), 'utf8')) as object

/** What a person or a program sees of a control plane that is busy or hostile. */
describe('the program, at a control plane', function () {
  this.timeout(30_000)
  const home = temporaryHome()
  let plane: FakeControlPlane

  before(async () => {
    plane = await startFakeControlPlane()
    useFakeAccount(home.path, plane, 'rc_secret')
  })
  after(async () => {
    await plane.close()
    home.remove()
  })
  afterEach(() => assert.deepEqual(plane.unplanned, []))

  const run = (...args: string[]) => runcode(args, {env: home.env, cwd: home.path})
  const row = {id: 7, title: 'calm-reed', provider: 'aws', current_state: 'running'}
  const list = (workspaces: readonly object[]) => ({status: 200, body: {error: false, data: {workspaces}}})
  /** Both lists, the own one only after this many refusals. */
  const answerLists = (refusals: number, headers: Record<string, string> = {'retry-after': '1'}): void => {
    let left = refusals
    plane.on('GET', '/api/rc/workspaces?category=shared', () => list([]))
    plane.on('GET', '/api/rc/workspaces?category=active', () => {
      left -= 1
      return left >= 0 ? {status: 429, body: {detail: 'slow down'}, headers} : list([row])
    })
  }
  const tree = (): readonly string[] =>
    readdirSync(home.path, {recursive: true, encoding: 'utf8'})
      .toSorted()
      .map((path) => `${path} ${statSync(join(home.path, path)).mtimeMs}`)

  it('that asks for a second waits for it, and says so', async () => {
    answerLists(1)
    const {status, stdout, stderr} = await run('list')
    assert.deepEqual([status, stderr], [0, `warning: ${plane.apiBase} answered 429 and asks to wait 1s.\n`])
    assert.match(stdout, /calm-reed/)
    answerLists(1)
    const json = JSON.parse((await run('list', '--json')).stdout)
    assert.deepEqual(json.warnings, [`${plane.apiBase} answered 429 and asks to wait 1s.`])
    assert.equal(json.workspaces.length, 1)
  })

  it('that asks for an hour ends at once, with the time for programs', async () => {
    answerLists(1, {'retry-after': '3600'})
    const {status, stdout, stderr} = await run('list', '--json')
    assert.deepEqual([status, stderr], [2, ''])
    assert.deepEqual(JSON.parse(stdout), {
      error: 'rate_limited',
      message: `${plane.apiBase} answered 429: slow down`,
      hint: 'Wait a little, then try again.',
      retryable: true,
      status: 429,
      retry_after_seconds: 3600,
    })
  })

  it('whose one list is refused ends at once, whatever it does with the other one', async () => {
    plane.on('GET', '/api/rc/workspaces?category=active', () => ({status: 401, body: {}}))
    for (const other of [
      () => ({status: 429, body: {}, headers: {'retry-after': '20'}}),
      () => new Promise<never>(() => undefined),
    ]) {
      plane.on('GET', '/api/rc/workspaces?category=shared', other)
      const began = performance.now()
      assert.equal(JSON.parse((await run('list', '--json')).stdout).error, 'unauthorized')
      assert.ok(performance.now() - began < 10_000)
    }
  })

  it('that sends an unsafe bundle refuses it by its field, and leaves nothing in the home directory', async () => {
    answerLists(0)
    const bundle = {...GOOD, user: 'calm\nProxyCommand touch x'}
    plane.on('POST', '/api/rc/workspace/7/ssh-session', () => ({status: 200, body: {error: false, bundle}}))
    const before = tree()
    const {status, stdout, stderr} = await run('connect', 'calm-reed', '--json')
    assert.deepEqual([status, stderr], [2, ''])
    assert.deepEqual(JSON.parse(stdout), {
      error: 'unsafe_bundle',
      message:
        'The control plane sent connection data that is not safe to use: user has characters that a user name cannot have.',
      hint: 'Do not work around this. Report it to whoever runs the control plane.',
      retryable: false,
      field: 'user',
      workspace: {id: '7', title: 'calm-reed'},
      profile: 'fake',
      chosen_by: 'flag',
    })
    // The folder that holds all our state, and nothing in it.
    const state = ['.local', '.local/state', '.local/state/runcode', '.local/state/runcode/cli']
    assert.deepEqual(
      tree()
        .filter((line) => !before.includes(line))
        .map((line) => line.split(' ')[0]),
      state,
    )
  })
})
