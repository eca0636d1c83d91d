import assert from 'node:assert/strict'
import {execFileSync, spawnSync} from 'node:child_process'
import {existsSync, readFileSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {useFakeAccount} from '../support/fake-account.ts'
import {type FakeControlPlane, startFakeControlPlane} from '../support/fake-control-plane.ts'
import {runcode} from '../support/runcode.ts'
import {needSecretService, type SecretService, startSecretService} from '../support/secret-service.ts'
import {temporaryHome} from '../support/temporary-home.ts'

/** Tokens in a real Secret Service (gnome-keyring) on a bus of its own. */
describe('a real keychain', function () {
  this.timeout(30_000)
  const home = temporaryHome()
  const config = join(home.path, '.config/runcode/cli')
  let plane: FakeControlPlane
  let env: Readonly<Record<string, string>>
  let service: SecretService

  before(async function () {
    needSecretService(this)
    // The ledger of the suite reads files; what a keychain holds it cannot know.
    const {NODE_OPTIONS: _, RUNCODE_TEST_LEDGER: __, ...plain} = home.env
    service = await startSecretService()
    env = {...plain, ...service.env}
    plane = await startFakeControlPlane()
    plane.on('GET', '/api/rc/workspaces', () => ({status: 200, body: {error: false, data: {workspaces: []}}}))
  })
  beforeEach(() => {
    rmSync(config, {recursive: true, force: true})
    useFakeAccount(home.path, plane, 'rc_in-the-file')
    const file = join(config, 'profiles.json')
    const {store: _, ...profile} = JSON.parse(readFileSync(file, 'utf8')).profiles.fake
    execFileSync('tee', [file], {input: JSON.stringify({version: 1, default: 'fake', profiles: {fake: profile}})})
  })
  after(async () => {
    service?.stop()
    await plane?.close()
    home.remove()
  })

  const run = async (
    words: string,
    options: {input?: string; env?: Record<string, string>} = {},
  ): Promise<Record<string, unknown>> => {
    const {stdout} = await runcode([...words.split(' '), '--json'], {
      ...{env: {...env, ...options.env}, cwd: home.path},
      ...(options.input === undefined ? {} : {input: options.input}),
    })
    return JSON.parse(stdout) as Record<string, unknown>
  }
  const login = (token: string, more = '', options = {}) =>
    run(`login --with-token --force${more}`, {input: `${token}\n`, ...options})
  const store = (): unknown => JSON.parse(readFileSync(join(config, 'profiles.json'), 'utf8')).profiles.fake.store
  const asked = (): unknown => plane.requests.at(-1)?.authorization
  const isInFile = (token: string): boolean =>
    existsSync(join(config, 'credentials.json')) &&
    readFileSync(join(config, 'credentials.json'), 'utf8').includes(token)

  it('keeps the token where there is one, is remembered, and forgets it', async () => {
    assert.equal((await login('rc_secret'))['stored_in'], 'the keychain of this system')
    assert.deepEqual([store(), isInFile('rc_secret')], ['keychain', false])
    assert.equal((await run('list'))['error'], undefined)
    assert.equal(asked(), 'Token rc_secret')
    const {checks} = (await run('doctor')) as {checks: {name: string; token_stored_at?: string}[]}
    const ageMs = Date.now() - Date.parse(String(checks.find(({name}) => name === 'token')?.token_stored_at))
    assert.ok(ageMs >= 0 && ageMs < 60_000, String(ageMs))
    const out = await run('logout')
    assert.deepEqual((out['removed_from'] as string[]).includes('the keychain of this system'), true)
    assert.equal(out['warnings'], undefined)
    assert.equal((await run('list'))['error'], 'no_token')
  })

  it('gives the token up to the file where it is told to, and keeps no copy', async () => {
    const hasItem = (): boolean =>
      String(
        spawnSync('dbus-send', ['--print-reply', '--dest=org.freedesktop.secrets', ...SEARCH], {env}).stdout,
      ).includes('/org/freedesktop/secrets/collection/')
    await login('rc_first')
    assert.equal(hasItem(), true)
    await login('rc_second', ' --store file')
    assert.deepEqual([store(), isInFile('rc_second'), hasItem()], ['file', true, false])
  })

  it('that hangs is given up after two seconds, and named', async () => {
    await login('rc_secret')
    service.keyring.kill('SIGSTOP')
    try {
      const began = performance.now()
      const {error, message} = await run('list')
      assert.deepEqual(
        [error, message],
        ['keychain_failed', 'The keychain of this system did not answer within 2 seconds.'],
      )
      assert.ok(performance.now() - began < 6000)
    } finally {
      service.keyring.kill('SIGCONT')
    }
  })

  it('that is not there is named, where the token was put into one, and else is the file', async () => {
    await login('rc_secret')
    const away = {env: {DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent'}}
    assert.equal((await run('list', away))['error'], 'keychain_failed')
    assert.equal((await login('rc_other', ' --store file', away))['stored_in'], join(config, 'credentials.json'))
    assert.equal((await run('list', away))['error'], undefined)
  })

  it('that is locked is named, and a login without a wish goes to the file and says so', async () => {
    await login('rc_secret')
    const locked = spawnSync('dbus-send', ['--print-reply', '--dest=org.freedesktop.secrets', ...LOCK], {env})
    assert.equal(locked.status, 0, String(locked.stderr))
    const {error, message} = await run('list')
    assert.deepEqual(
      [error, message],
      ['keychain_failed', 'The keychain of this system is locked, or has lost the token of this profile.'],
    )
    assert.match(String((await run('logout'))['warnings']), /it is locked/)
    assert.equal((await login('rc_new', ' --store keychain'))['error'], 'keychain_failed')
    rmSync(config, {recursive: true})
    useFakeAccount(home.path, plane, 'rc_in-the-file')
    const file = join(config, 'profiles.json')
    execFileSync('sed', ['-i', 's/,"store":"file"//', file])
    const {stored_in: place, warnings} = await login('rc_new')
    assert.deepEqual([place, store()], [join(config, 'credentials.json'), 'file'])
    assert.match(String(warnings), /The token is kept in a file\.$/)
  })
})

const SERVICE = 'org.freedesktop.Secret.Service'
const SEARCH = ['/org/freedesktop/secrets', `${SERVICE}.SearchItems`, 'dict:string:string:service,runcode-cli']
const LOCK = ['/org/freedesktop/secrets', `${SERVICE}.Lock`, 'array:objpath:/org/freedesktop/secrets/collection/login']
