import assert from 'node:assert/strict'
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {type FakeControlPlane, startFakeControlPlane} from '../support/fake-control-plane.ts'
import {runcode} from '../support/runcode.ts'
import {temporaryHome} from '../support/temporary-home.ts'

/** A secret belongs to one origin, whatever is named, set or stored beside it. */
describe('the origins of tokens', function () {
  this.timeout(30_000)
  const home = temporaryHome()
  const planes: Record<'A' | 'B' | 'C', FakeControlPlane> = {} as never

  before(async () => {
    for (const name of ['A', 'B', 'C'] as const) {
      const plane = await startFakeControlPlane()
      plane.on('GET', '/api/rc/workspaces', () => ({status: 200, body: {error: false, data: {workspaces: []}}}))
      planes[name] = plane
    }
  })
  after(async () => {
    home.remove()
    for (const plane of Object.values(planes)) await plane.close()
  })

  const profile = ({apiBase, caFile}: FakeControlPlane) => ({
    ...{provider: 'runcode', api_base: apiBase, ca_file: caFile, store: 'file'},
  })

  /** Profiles a (the default), b and bare (at C, without a token); a token file of RunCode's other tools. */
  const settle = (changes: Readonly<Record<string, object>> = {}): void => {
    const {A, B, C} = planes
    const config = join(home.path, '.config/runcode/cli')
    mkdirSync(config, {recursive: true, mode: 0o700})
    const profiles = {a: profile(A), b: profile(B), bare: profile(C), ...changes}
    writeFileSync(join(config, 'profiles.json'), JSON.stringify({version: 1, default: 'a', profiles}))
    const tokens = [
      {origin: A.apiBase, account: 'a', token: 'rc_of-a'},
      {origin: B.apiBase, account: 'b', token: 'rc_of-b'},
    ]
    writeFileSync(join(config, 'credentials.json'), JSON.stringify({version: 1, tokens}), {mode: 0o600})
    writeFileSync(join(home.path, '.config/runcode/token'), 'rc_legacy\n', {mode: 0o600})
  }

  /** What each control plane was shown by one `runcode list`, and the code where it failed. */
  const list = async (args: readonly string[], env: Readonly<Record<string, string>>) => {
    const before = Object.values(planes).map(({requests}) => requests.length)
    const {stdout} = await runcode(['list', '--json', ...args], {env: {...home.env, ...env}, cwd: home.path})
    const seen = Object.entries(planes).flatMap(([name, {requests}], index) =>
      requests.slice(before[index]).map(({authorization}) => `${name} ${authorization}`),
    )
    return [...new Set(seen), (JSON.parse(stdout) as {error?: string}).error].filter((one) => one !== undefined)
  }

  const own = 'rc_of-the-environment'
  // C is known to no built-in root, so an environment that names it adds its CA.
  const atC = () => ({RUNCODE_API_BASE: planes.C.apiBase, RUNCODE_CA_FILE: planes.C.caFile})
  const cases: readonly (readonly [string, readonly string[], () => Record<string, string>, readonly string[]])[] = [
    ['the default profile', [], () => ({}), ['A Token rc_of-a']],
    ['a named profile', ['--profile', 'b'], () => ({}), ['B Token rc_of-b']],
    ['RUNCODE_PROFILE', [], () => ({RUNCODE_PROFILE: 'b'}), ['B Token rc_of-b']],
    ['a profile without a token', ['--profile', 'bare'], () => ({}), ['no_token']],
    ['RUNCODE_TOKEN beside a named profile', ['--profile', 'b'], () => ({RUNCODE_TOKEN: own}), ['B Token rc_of-b']],
    [
      'RUNCODE_TOKEN beside a profile without a token',
      ['--profile', 'bare'],
      () => ({RUNCODE_TOKEN: own}),
      ['no_token'],
    ],
    ['RUNCODE_TOKEN beside RUNCODE_PROFILE', [], () => ({RUNCODE_TOKEN: own, RUNCODE_PROFILE: 'bare'}), ['no_token']],
    ['RUNCODE_API_BASE without a secret of its own', [], atC, ['no_token']],
    ['RUNCODE_API_BASE at the origin of a profile', [], () => ({RUNCODE_API_BASE: planes.A.apiBase}), ['no_token']],
    ['RUNCODE_API_BASE with RUNCODE_TOKEN', [], () => ({...atC(), RUNCODE_TOKEN: own}), [`C Token ${own}`]],
    [
      'RUNCODE_API_BASE and RUNCODE_TOKEN beside a named profile',
      ['--profile', 'a'],
      () => ({...atC(), RUNCODE_TOKEN: own}),
      ['A Token rc_of-a'],
    ],
  ]
  for (const [what, args, env, expected] of cases) {
    it(`${what}: ${expected.join(', ')}`, async () => {
      settle()
      assert.deepEqual(await list(args, env()), expected)
    })
  }

  it('sends no token to where a profile was moved', async () => {
    settle({a: profile(planes.B)})
    assert.deepEqual(await list([], {}), ['no_token'])
  })

  it('sends no token of one profile for another at the same origin', async () => {
    settle({bare: profile(planes.A)})
    assert.deepEqual(await list(['--profile', 'bare'], {}), ['no_token'])
  })

  it('follows no redirect with a token', async () => {
    settle()
    for (const status of [301, 302, 303, 307, 308]) {
      const location = `${planes.B.apiBase}/api/rc/workspaces?category=active`
      planes.A.on('GET', '/api/rc/workspaces', () => ({status, headers: {location}, body: {}}))
      assert.deepEqual(await list([], {}), ['A Token rc_of-a', 'http_error'])
    }
  })
})
