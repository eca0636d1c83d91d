import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {run} from '../../src/core/process.ts'
import {type CorporateProxy, startCorporateProxy, whyNoCorporateProxy} from '../support/corporate-proxy.ts'
import {type FakeControlPlane, startFakeControlPlane} from '../support/fake-control-plane.ts'
import {BIN, type Run, runcode} from '../support/runcode.ts'
import {skip} from '../support/skip.ts'
import {temporaryHome} from '../support/temporary-home.ts'

const PLANE = 'https://plane.invalid'
/** tinyproxy takes few characters in one. */
const [PASSWORD, ENCODED] = ['Pa55.w0rd', 'Pa55%2Ew0rd']
const TOKEN = 'rc_corporate-token'
const SYSTEM = '/etc/ssl/certs/ca-certificates.crt'
const KNOWN = 'those built into Node, those of this system'

/** tinyproxy with a password, and behind it mitmproxy, which answers in the name of whoever is asked for. */
describe('behind the proxies of a company', function () {
  this.timeout(60_000)
  const home = temporaryHome()
  let plane: FakeControlPlane
  let proxy: CorporateProxy | undefined

  before(async function () {
    const why = whyNoCorporateProxy()
    if (why !== undefined) skip(this, `no ${why}`)
    plane = await startFakeControlPlane()
    const row = {id: 1, title: 'calm-reed', provider: 'aws', current_state: 'running'}
    plane.on('GET', '/api/rc/workspaces', ({path}) => ({
      status: 200,
      body: {error: false, data: {workspaces: path.endsWith('=active') ? [row] : []}},
    }))
    proxy = await startCorporateProxy(home.path, {name: 'plane.invalid', user: 'me', password: PASSWORD, plane})
  })
  after(async () => {
    await proxy?.stop()
    await plane?.close()
    home.remove()
  })

  const through = (user = `me:${ENCODED}@`): Record<string, string> => ({
    HTTPS_PROXY: `http://${user}${proxy?.host}`,
  })
  const account = {RUNCODE_API_BASE: PLANE, RUNCODE_TOKEN: TOKEN}
  const list = async (env: Readonly<Record<string, string>>): Promise<Run> => {
    const run = await runcode(['list'], {env: {...home.env, ...account, ...env}, cwd: home.path})
    for (const secret of [PASSWORD, ENCODED, TOKEN]) assert.equal(`${run.stdout}${run.stderr}`.includes(secret), false)
    return run
  }
  const told = async (env: Readonly<Record<string, string>>, message: string, hint: string): Promise<void> => {
    const {status, stdout, stderr} = await list(env)
    assert.deepEqual([status, stdout, stderr], [2, '', `runcode: ${message}\nhint: ${hint}\n`])
  }
  const CHECK =
    'Check HTTPS_PROXY, or name the host of the control plane in NO_PROXY where it can be reached without a proxy.'

  it('a control plane is reached with the user, the password and the authority of the proxy', async () => {
    const {status, stdout} = await list({...through(), RUNCODE_CA_FILE: proxy?.caFile ?? ''})
    assert.deepEqual([status, stdout], [0, 'running\t1\tcalm-reed\t\town\truncode connect calm-reed\n'])
    const {authorization} = plane.requests.at(-1) ?? {}
    assert.equal(authorization, `Token ${TOKEN}`)
  })

  const config = join(home.path, '.config/runcode/cli')
  const writeProfile = (more: Readonly<Record<string, unknown>>): void => {
    const profiles = {work: {provider: 'runcode', api_base: PLANE, store: 'file', ...more}}
    spawnSync('mkdir', ['-p', '-m', '700', config])
    writeFileSync(join(config, 'profiles.json'), JSON.stringify({version: 1, profiles}), {mode: 0o600})
    const tokens = [{origin: PLANE, account: 'work', token: TOKEN}]
    writeFileSync(join(config, 'credentials.json'), JSON.stringify({version: 1, tokens}), {mode: 0o600})
  }

  it('the authority may be that of the profile', async () => {
    writeProfile({ca_file: proxy?.caFile})
    assert.equal((await list({...through(), RUNCODE_PROFILE: 'work'})).status, 0)
  })

  it('so may the proxy, for what is started from a menu and has no HTTPS_PROXY; config-ssh tells of it', async () => {
    writeProfile({})
    const program = (args: readonly string[], env: Readonly<Record<string, string>>, input = ''): Promise<Run> =>
      runcode(args, {env: {...home.env, ...env}, cwd: home.path, input})
    const configSsh = async (env: Readonly<Record<string, string>>): Promise<readonly string[]> => {
      const {status, stdout, stderr} = await program(['config-ssh', '--profile', 'work', '--json'], env)
      assert.deepEqual([status, stderr], [0, ''])
      return JSON.parse(stdout).warnings.filter((one: string) => one.includes('menu'))
    }
    const menu = 'What is started from a menu, as an editor, may not have'
    const keep = 'Keep it for that: runcode profile set work'
    assert.deepEqual(await configSsh({...through(), RUNCODE_CA_FILE: proxy?.caFile ?? ''}), [
      `${menu} HTTPS_PROXY. ${keep} --https-proxy - < file`,
      `${menu} RUNCODE_CA_FILE. ${keep} --ca-file <file>`,
    ])
    const words = ['profile', 'set', 'work', '--https-proxy', '-', '--ca-file', proxy?.caFile ?? '']
    const {status, stdout, stderr} = await program(words, {}, `${through()['HTTPS_PROXY']}\n`)
    assert.equal(status, 0, stderr)
    assert.equal(`${stdout}${stderr}`.includes(ENCODED), false)
    assert.deepEqual(await configSsh({}), [])
    assert.deepEqual(await configSsh(through()), [])
    const {checks} = JSON.parse((await program(['doctor', '--profile', 'work', '--json'], {})).stdout)
    const found = checks.filter(({name}: {name: string}) => ['http-proxy', 'control-plane'].includes(name))
    assert.deepEqual(
      found.map(({detail}: {detail: string}) => detail),
      [`requests go by way of ${proxy?.host} (the https_proxy of the profile)`, 'answers, and shows 1 workspace'],
    )
  })

  it('the authority may be one of this system, whatever the Node', async function () {
    if (process.getuid?.() !== 0 || spawnSync('unshare', ['--mount', 'true']).status !== 0)
      return skip(this, 'nothing can be mounted here')
    const bundle = join(home.path, 'bundle.crt')
    writeFileSync(bundle, readFileSync(SYSTEM, 'utf8') + readFileSync(proxy?.caFile ?? '', 'utf8'))
    const words = [
      '--mount',
      'sh',
      '-c',
      `mount --bind "$1" ${SYSTEM} && RUNCODE_TOKEN=${TOKEN} exec "$2" "$3" list`,
      'sh',
    ]
    const env = {...home.env, ...account, ...through()}
    const {ending, stderr} = await run('unshare', [...words, bundle, process.execPath, BIN], {env})
    assert.deepEqual([ending, stderr], [{kind: 'exited', code: 0}, ''])
  })

  it('whoever answers is named where nobody vouches for him, and gets no token', async () => {
    const before = plane.requests.length
    const hint =
      'If it has a CA of its own, name that in RUNCODE_CA_FILE or in the profile; if not, someone else answers there.'
    for (const [env, store] of [
      [{}, KNOWN],
      [{RUNCODE_CA_FILE: plane.caFile}, `${KNOWN}, those of ${plane.caFile}`],
    ] as const) {
      const why = `its certificate was signed by "mitmproxy", which is not among those we trust: ${store}.`
      await told({...through(), ...env}, `Could not reach ${PLANE}: ${why}`, hint)
    }
    assert.equal(plane.requests.length, before)
  })

  it('a user and a password are asked for, and wrong ones are told', async () => {
    const way = `Could not reach ${PLANE} by way of the proxy ${proxy?.host}: `
    await told(
      through(''),
      `${way}it asks for a user and a password.`,
      'Name them in HTTPS_PROXY: http://user:password@host:port, special characters percent-encoded.',
    )
    await told(
      through('me:other@'),
      `${way}it does not accept the user and password of HTTPS_PROXY.`,
      'Check them; special characters are written percent-encoded ("@" is %40).',
    )
  })

  it('NO_PROXY leads straight there, and this machine is always reached straight', async () => {
    await told(
      {...through(), NO_PROXY: '.invalid'},
      `Could not reach ${PLANE}: its name was not found.`,
      'Check the name of the control plane, and that this machine is online.',
    )
    const here = {RUNCODE_API_BASE: plane.apiBase, RUNCODE_CA_FILE: plane.caFile}
    assert.equal((await list({HTTPS_PROXY: 'http://127.0.0.1:1', ...here})).status, 0)
  })

  it('a proxy that is not there, or none, is told', async () => {
    const {port} = new URL(plane.apiBase)
    for (const [at, why] of [
      ['127.0.0.1:1', 'it cannot be reached (connect ECONNREFUSED 127.0.0.1:1).'],
      [`127.0.0.1:${port}`, 'what answers there is no HTTP proxy.'],
    ] as const)
      await told({HTTPS_PROXY: at}, `Could not reach ${PLANE} by way of the proxy ${at}: ${why}`, CHECK)
    await told(
      {HTTPS_PROXY: `socks5://me:${PASSWORD}@127.0.0.1`},
      'HTTPS_PROXY is not of the form http://[user:password@]host[:port].',
      'Set HTTPS_PROXY to such an address, special characters of the user and password percent-encoded, or unset it.',
    )
  })
})
