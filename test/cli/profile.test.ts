import assert from 'node:assert/strict'
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {rootCertificates} from 'node:tls'
import {runcode} from '../support/runcode.ts'
import {temporaryHome} from '../support/temporary-home.ts'

/** The accounts of a machine, written down and changed by hand of the program instead of an editor's. */
describe('profile', function () {
  this.timeout(30_000)
  const home = temporaryHome()
  const config = join(home.path, '.config/runcode/cli')
  const credentials = join(config, 'credentials.json')
  after(() => home.remove())

  const run = (words: string, options: {input?: string; env?: Record<string, string>} = {}) =>
    runcode(['profile', ...words.split(' ')], {
      ...{env: {...home.env, ...options.env}, cwd: home.path},
      ...(options.input === undefined ? {} : {input: options.input}),
    })
  const json = async (words: string, options = {}): Promise<Record<string, unknown>> => {
    const {stdout, stderr} = await run(`${words} --json`, options)
    assert.equal(stderr, '')
    return JSON.parse(stdout)
  }
  const file = () => JSON.parse(readFileSync(join(config, 'profiles.json'), 'utf8'))
  const giveToken = (origin: string, account: string): void =>
    writeFileSync(credentials, JSON.stringify({version: 1, tokens: [{origin, account, token: 'rc_kept'}]}), {
      mode: 0o600,
    })

  it('add writes an account down, as the default only where it is told', async () => {
    writeFileSync(join(home.path, 'ca.pem'), rootCertificates[0] ?? '')
    assert.deepEqual(await json('add lab --api-base https://lab.example.test/ --ca-file ca.pem'), {
      ...{name: 'lab', default: false, provider: 'runcode', api_base: 'https://lab.example.test', web_base: null},
      ...{ca_file: join(home.path, 'ca.pem'), ssh_proxy: null, https_proxy: null, store: null, email: null},
    })
    const web = '--web-base http://localhost:8080'
    const {stdout, stderr} = await run(`add work --api-base https://work.example.test ${web} --use`)
    assert.equal(stdout, 'Added work: https://work.example.test (the default).\n')
    assert.equal(stderr, 'Log in: runcode login --profile work\n')
    assert.deepEqual(file(), {
      version: 1,
      default: 'work',
      profiles: {
        lab: {provider: 'runcode', api_base: 'https://lab.example.test', ca_file: join(home.path, 'ca.pem')},
        work: {provider: 'runcode', api_base: 'https://work.example.test', web_base: 'http://localhost:8080'},
      },
    })
  })

  it('takes the password of a proxy from stdin only, and shows it nowhere', async () => {
    const refused = await run('set lab --ssh-proxy http://me:s3cret@proxy.example.test')
    assert.equal(refused.status, 2)
    assert.match(refused.stderr, /not taken from the command line[\s\S]*--ssh-proxy - < file/)
    const given = {input: 'http://me:s3cret@proxy.example.test:3128\n'}
    assert.equal((await json('set lab --ssh-proxy -', given))['ssh_proxy'], 'http://me:***@proxy.example.test:3128')
    assert.equal(file().profiles.lab.ssh_proxy, 'http://me:s3cret@proxy.example.test:3128')
    assert.match(
      (await run('set lab --https-proxy http://me:s3cret@proxy.example.test')).stderr,
      /--https-proxy - < file/,
    )
    assert.equal((await json('set lab --https-proxy -', given))['https_proxy'], 'http://me:***@proxy.example.test:3128')
    const both = await json('set lab --ssh-proxy - --https-proxy -', {
      input: 'http://you:s3cret@other.example.test:3128',
    })
    assert.deepEqual([both['ssh_proxy'], both['https_proxy']], Array(2).fill('http://you:***@other.example.test:3128'))
    await json('set lab --ssh-proxy - --https-proxy -', given)
    const {stdout, stderr} = await run('list')
    assert.equal(
      stdout.split('\n')[0]?.split('\t').slice(6).join(' '),
      Array(2).fill('http://me:***@proxy.example.test:3128').join(' '),
    )
    assert.ok(!`${refused.stderr}${stdout}${stderr}`.includes('s3cret'))
  })

  it('list shows each of them, RunCode’s public service too', async () => {
    const {stdout} = await run('list')
    const rows = stdout.split('\n').map((line) => line.split('\t').slice(0, 3).join(' '))
    assert.deepEqual(rows, [
      'lab  https://lab.example.test',
      'runcode  https://app.runcode.io',
      'work default https://work.example.test',
      '',
    ])
  })

  it('set takes a field away, and leaves the others as they are', async () => {
    const {ssh_proxy: ssh, https_proxy: https} = await json('set lab --no-ssh-proxy')
    assert.deepEqual([ssh, https], [null, 'http://me:***@proxy.example.test:3128'])
    await run('set lab --no-https-proxy')
    assert.deepEqual(file().profiles.lab, {
      ...{provider: 'runcode', api_base: 'https://lab.example.test', ca_file: join(home.path, 'ca.pem')},
    })
  })

  it('set to another origin removes the token of the former one, which nobody could find again', async () => {
    giveToken('https://work.example.test', 'work')
    const same = await json('set work --api-base https://work.example.test/v2')
    assert.deepEqual(same['token_removed_from'], [])
    const moved = await json('set work --api-base https://new.example.test')
    assert.deepEqual(moved['token_removed_from'], [credentials])
  })

  it('use changes the default, and says what comes before it', async () => {
    assert.equal((await json('use lab'))['default'], true)
    const {stderr} = await run('use runcode', {env: {RUNCODE_PROFILE: 'lab'}})
    assert.equal(stderr, 'warning: RUNCODE_PROFILE is set, and comes before the default.\n')
    assert.equal(file().default, undefined)
  })

  it('remove takes the token along, and says what it was and what is left', async () => {
    await run('use lab')
    giveToken('https://lab.example.test', 'lab')
    const attachments = join(home.path, '.local/state/runcode/cli/attachments')
    mkdirSync(attachments, {recursive: true, mode: 0o700})
    const attached = {tree: '/tree', born: '0', account: 'lab', origin: 'https://lab.example.test', workspaceId: '1'}
    writeFileSync(join(attachments, 'x.json'), JSON.stringify({...attached, title: 'box'}))
    assert.deepEqual(await json('remove lab'), {
      ...{removed: true, profile: 'lab', was_default: true, token_removed_from: [credentials], attached: ['/tree']},
      warnings: ["lab was the default, which is RunCode's public service now."],
    })
    assert.deepEqual(Object.keys(file().profiles), ['work'])
    assert.equal(file().default, undefined)
  })

  it('remove goes on where the keychain does not answer, and says where the token may be', async () => {
    const profile = {provider: 'runcode', api_base: 'https://kept.example.test', store: 'keychain'}
    writeFileSync(join(config, 'profiles.json'), JSON.stringify({version: 1, profiles: {kept: profile}}))
    const env = {DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent'}
    const {warnings, token_removed_from: from} = await json('remove kept', {env})
    assert.deepEqual(from, [])
    assert.match(String(warnings), /^The token for https:\/\/kept\.example\.test may still be in the keychain/)
  })

  for (const [why, words, code, message] of [
    ['a name that is taken', 'add work --api-base https://x', 'usage', /already/],
    ['the name of the server’s own', 'add local --api-base https://x', 'usage', /server of this machine/],
    ['the name of the public service', 'add runcode --api-base https://x', 'usage', /already/],
    ['a name that is none', 'add A_B --api-base https://x', 'usage', /cannot be the name/],
    ['an address that is not https', 'add x --api-base http://x', 'insecure_base', /not https/],
    ['pages elsewhere that are not https', 'add x --api-base https://x --web-base http://x', 'insecure_base', /pages/],
    ['a CA file that is not there', 'add x --api-base https://x --ca-file nope', 'file_error', /no such file/],
    [
      'a CA file that is none',
      'add x --api-base https://x --ca-file .config/empty',
      'file_error',
      /holds no certificate/,
    ],
    ['a proxy that is none', 'add x --api-base https://x --ssh-proxy ftp://x', 'usage', /not of the form/],
    ['a profile that is not there', 'remove nope', 'not_found', /no profile "nope"/],
  ] as const) {
    it(`refuses ${why}, and writes nothing`, async () => {
      const work = {provider: 'runcode', api_base: 'https://work.example.test'}
      const text = JSON.stringify({version: 1, default: 'work', profiles: {work}})
      writeFileSync(join(config, 'profiles.json'), text)
      writeFileSync(join(home.path, '.config/empty'), '')
      const {error, message: said} = await json(words)
      assert.equal(error, code)
      assert.match(String(said), message)
      assert.equal(readFileSync(join(config, 'profiles.json'), 'utf8'), text)
    })
  }
})
