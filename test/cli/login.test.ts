import assert from 'node:assert/strict'
import type {ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Readable} from 'node:stream'
import {text} from 'node:stream/consumers'
import {spawn} from '@lydell/node-pty'
import {useFakeAccount} from '../support/fake-account.ts'
import {type FakeControlPlane, startFakeControlPlane} from '../support/fake-control-plane.ts'
import {listProcesses} from '../support/processes.ts'
import {BIN, runcode, startRuncode} from '../support/runcode.ts'
import {temporaryHome} from '../support/temporary-home.ts'
import {until} from '../support/until.ts'

/** The login in the browser, with a test in the place of the browser and of the page. */
describe('login', function () {
  this.timeout(30_000)
  const home = temporaryHome()
  const config = join(home.path, '.config/runcode/cli')
  const state = join(home.path, '.local/state/runcode/cli')
  let plane: FakeControlPlane

  before(async () => {
    plane = await startFakeControlPlane()
    plane.on('GET', '/api/rc/workspaces', ({authorization, path}) => {
      // Tokens that end alike are of one account; each owns a workspace of its own.
      const id = authorization?.endsWith('-b') ? 8 : 7
      const row = {id, title: `box-${id}`, custom_title: null, provider: 'aws', interim_state: '', current_state: ''}
      if (authorization === 'Token rc_refused') return {status: 401, body: {detail: 'no'}}
      return {status: 200, body: {error: false, data: {workspaces: path.endsWith('active') ? [row] : []}}}
    })
  })
  beforeEach(() => {
    rmSync(config, {recursive: true, force: true})
    useFakeAccount(home.path, plane, 'rc_old-a')
    change((profile) => ({
      ...profile,
      web_base: 'https://web.example.test',
      ssh_proxy: 'http://proxy.example.test:3128',
    }))
  })
  after(async () => {
    await plane.close()
    home.remove()
  })

  const profiles = () => JSON.parse(readFileSync(join(config, 'profiles.json'), 'utf8'))
  const change = (edit: (profile: Record<string, unknown>) => unknown): void => {
    const all = profiles()
    writeFileSync(join(config, 'profiles.json'), JSON.stringify({...all, profiles: {fake: edit(all.profiles.fake)}}))
  }
  const keptToken = (): string => JSON.parse(readFileSync(join(config, 'credentials.json'), 'utf8')).tokens[0]?.token

  interface Login {
    readonly child: ChildProcess
    readonly page: URL
    readonly stderr: () => string
    readonly ended: Promise<{status: number | null; stdout: string}>
    /** Comes back from the page. */
    come(words: Record<string, string>): Promise<Response>
  }
  /** A login of the program, as far as the address that it shows. */
  const begin = async (args: readonly string[] = [], env: Record<string, string> = {}): Promise<Login> => {
    const all = ['login', '--store', 'file', '--json', ...args]
    const child = startRuncode(all, {env: {...home.env, ...env}, cwd: home.path})
    let [stdout, stderr] = ['', '']
    child.stdout?.on('data', (chunk) => (stdout += chunk))
    child.stderr?.on('data', (chunk) => (stderr += chunk))
    const ended = new Promise<{status: number | null; stdout: string}>((resolve) =>
      child.on('close', (status) => resolve({status, stdout})),
    )
    const address = (): string | undefined => /^https?:\S+$/m.exec(stderr)?.[0]
    await until(
      () => address() !== undefined && /waited for/.test(stderr),
      () => stderr,
    )
    const page = new URL(address() ?? '')
    const come = (words: Record<string, string>): Promise<Response> => {
      const all = new URLSearchParams({state: page.searchParams.get('state') ?? '', ...words})
      return fetch(`http://127.0.0.1:${page.searchParams.get('port')}/callback?${all}`)
    }
    return {child, page, stderr: () => stderr, ended, come}
  }
  const result = async ({ended}: Login): Promise<Record<string, unknown>> => JSON.parse((await ended).stdout)

  it('shows the address of the page first, takes the token that comes back, and says whose it is', async () => {
    const login = await begin()
    assert.match(login.page.href, /^https:\/\/web\.example\.test\/auth\/cli-login\/\?port=\d+&state=[\w-]{32}$/)
    const last = await login.come({token: 'rc_new-a', email: 'me@example.test'})
    assert.match(last.url, /\/done$/)
    assert.match(await last.text(), /The login has arrived/)
    assert.deepEqual(await result(login), {
      ...{logged_in: true, profile: 'fake', origin: plane.apiBase, stored_in: join(config, 'credentials.json')},
      ...{account: 'me@example.test', workspace_count: 1},
    })
    assert.equal(keptToken(), 'rc_new-a')
    assert.equal(profiles().profiles.fake.email, 'me@example.test')
    assert.equal(profiles().profiles.fake.ssh_proxy, 'http://proxy.example.test:3128', 'nothing of the profile is lost')
  })

  it('goes on waiting after a wrong answer', async () => {
    const login = await begin()
    assert.equal((await login.come({state: 'wrong', token: 'rc_evil-a'})).status, 400)
    await login.come({token: 'rc_new-a'})
    assert.equal((await result(login))['logged_in'], true)
    assert.equal(keptToken(), 'rc_new-a')
  })

  it('keeps the former token where the new one is refused, and where the answer is no', async () => {
    for (const [words, code, status] of [
      [{token: 'rc_refused'}, 'unauthorized', 2],
      [{error: 'access_denied'}, 'login_denied', 2],
    ] as const) {
      const login = await begin()
      await login.come(words)
      assert.equal((await result(login))['error'], code)
      assert.equal((await login.ended).status, status)
      assert.equal(keptToken(), 'rc_old-a')
    }
  })

  it('ends in time, and says how else', async () => {
    const login = await begin(['--timeout', '1s'])
    const {error, hint, retryable} = await result(login)
    assert.deepEqual([error, retryable], ['login_timed_out', true])
    assert.equal(hint, 'Try again, or paste a token: runcode login --paste --profile fake')
  })

  it('ends with 130 at TERM, and leaves nothing', async () => {
    const login = await begin()
    login.child.kill('SIGTERM')
    assert.equal((await login.ended).status, 130)
    assert.equal(keptToken(), 'rc_old-a')
  })

  it('says that no page is known, where none is and nobody can be asked', async () => {
    change(({web_base: _, ...rest}) => rest)
    const {stdout} = await runcode(['login', '--json'], {env: home.env, cwd: home.path})
    const {error, hint} = JSON.parse(stdout)
    assert.equal(error, 'usage')
    assert.match(hint, /profile set fake --web-base/)
  })

  it('says how else, where it may not listen for the browser', async () => {
    const preload = new URL('../support/no-ports.mjs', import.meta.url).href
    const env = {...home.env, NODE_OPTIONS: `${home.env['NODE_OPTIONS'] ?? ''} --import=${preload}`}
    const {error, message, hint} = JSON.parse((await runcode(['login', '--json'], {env, cwd: home.path})).stdout)
    assert.equal(error, 'usage')
    assert.match(message, /^No browser can come back to this program: .*EPERM/)
    assert.equal(hint, 'Give a token: runcode login --with-token --profile fake')
  })

  it('takes no token from a stdin without end', async () => {
    const child = startRuncode(['login', '--with-token'], {env: home.env, cwd: home.path})
    const goOn = (): void => {
      while (child.stdin?.write(Buffer.alloc(65_536, 'a')));
    }
    child.stdin?.on('drain', goOn).on('error', () => undefined)
    goOn()
    const [said, [status]] = await Promise.all([text(child.stderr as Readable), once(child, 'close')])
    assert.equal(status, 2)
    assert.match(said, /^runcode: What the input holds is not a token\.\n/)
  })

  it('replaces another account only where it is told to', async () => {
    for (const [args, code, kept] of [
      [[], 'other_account', 'rc_old-a'],
      [['--force'], undefined, 'rc_new-b'],
    ] as const) {
      const options = {env: home.env, cwd: home.path, input: 'rc_new-b\n'}
      const {stdout} = await runcode(['login', '--with-token', '--store', 'file', '--json', ...args], options)
      assert.equal(JSON.parse(stdout).error, code)
      assert.equal(keptToken(), kept)
    }
  })

  it('knows another account by its email, also where the former token is no good any more', async () => {
    change((profile) => ({...profile, email: 'you@example.test'}))
    const login = await begin()
    await login.come({token: 'rc_new-a', email: 'me@example.test'})
    const {error, message} = await result(login)
    assert.equal(error, 'other_account')
    assert.match(String(message), /logged in to you@example\.test/)
  })

  describe('to what the environment names', () => {
    const web = {RUNCODE_WEB_BASE: 'https://pages.example.test/'}
    const at = () => ({RUNCODE_API_BASE: plane.apiBase, RUNCODE_CA_FILE: plane.caFile})
    const run = async (words: string, env: Record<string, string>): Promise<Record<string, unknown>> => {
      const options = {env: {...home.env, ...env}, cwd: home.path, input: 'rc_new-a\n'}
      return JSON.parse((await runcode([...words.split(' '), '--json'], options)).stdout)
    }

    it('goes by its pages, keeps the token for that address alone, and leaves the profiles as they are', async () => {
      const before = readFileSync(join(config, 'profiles.json'), 'utf8')
      const login = await begin([], {...at(), ...web})
      assert.match(login.page.href, /^https:\/\/pages\.example\.test\/auth\/cli-login\/\?port=/)
      await login.come({token: 'rc_new-a'})
      const {logged_in: isIn, profile, origin} = await result(login)
      assert.deepEqual([isIn, profile, origin], [true, 'environment', plane.apiBase])
      assert.equal(readFileSync(join(config, 'profiles.json'), 'utf8'), before)
      assert.equal((await run('list', at()))['error'], undefined)
      assert.equal(plane.requests.at(-1)?.authorization, 'Token rc_new-a')
      assert.equal((await run('list', {...at(), RUNCODE_API_BASE: 'https://127.0.0.1:1'}))['error'], 'no_token')
      assert.equal((await run('list', {}))['error'], undefined)
      assert.equal(plane.requests.at(-1)?.authorization, 'Token rc_old-a', 'the profile has its own')
      assert.equal((await run('logout', at()))['logged_out'], true)
      assert.equal((await run('list', at()))['error'], 'no_token')
    })

    it('replaces no other account untold, and names itself by no profile', async () => {
      assert.equal((await run('login --with-token', at()))['logged_in'], true)
      const login = await begin([], {...at(), ...web})
      await login.come({token: 'rc_new-b'})
      assert.equal((await result(login))['error'], 'other_account')
      const denied = await begin([], {...at(), ...web})
      await denied.come({error: 'access_denied'})
      assert.equal((await result(denied))['hint'], 'If that was a mistake: runcode login')
    })

    for (const [what, words, env, code, message] of [
      ['pages of nothing', 'login', () => web, 'usage', /^RUNCODE_WEB_BASE has the pages of RUNCODE_API_BASE/],
      ['pages beside a profile', 'login --profile fake', () => web, 'usage', /^RUNCODE_WEB_BASE has the pages/],
      [
        'pages that are not https',
        'login --with-token',
        () => ({...at(), RUNCODE_WEB_BASE: 'http://pages.example.test'}),
        'insecure_base',
        /^RUNCODE_WEB_BASE is not https/,
      ],
      ['no pages', 'login', at, 'usage', /is not known/],
      ['a token as well', 'login', () => ({...at(), RUNCODE_TOKEN: 'rc_own'}), 'usage', /\(RUNCODE_TOKEN\)/],
      ['a token, to log out of', 'logout', () => ({...at(), RUNCODE_TOKEN: 'rc_own'}), 'usage', /\(RUNCODE_TOKEN\)/],
      ['a keychain', 'login --with-token --store keychain', at, 'usage', /kept in the file only/],
    ] as const)
      it(`is refused, and nothing is kept, where that is ${what}`, async () => {
        const told = await run(words, env())
        assert.equal(told['error'], code)
        assert.match(String(told['message']), message)
        assert.equal(keptToken(), 'rc_old-a')
      })
  })

  describe('where there is a display', () => {
    const seen = (): string => join(home.path, 'seen')
    /** A desktop whose `gio open`, which xdg-open(1) turns to there, is a program of ours. */
    const desktop = {PATH: `${home.path}:${home.env['PATH']}`, DISPLAY: ':99', XDG_CURRENT_DESKTOP: 'GNOME'}

    it('opens a file of ours, and no command line holds the state', async function () {
      if (process.platform !== 'linux') this.skip()
      // It is there for as long as the login goes on, as a browser is.
      const gio = join(home.path, 'gio')
      const lines = ['#!/bin/sh', '[ "$1" = open ] || exit 0', `cp "$2" ${seen()}`, `ls -l "$2" > ${seen()}.mode`]
      writeFileSync(gio, [...lines, 'sleep 20 # "$2"', ''].join('\n'))
      chmodSync(gio, 0o700)
      const login = await begin([], desktop)
      await until(
        () => existsSync(`${seen()}.mode`) && readFileSync(`${seen()}.mode`, 'utf8') !== '',
        () => login.stderr(),
      )
      const text = readFileSync(seen(), 'utf8')
      assert.ok(text.includes(`content="0; url=${login.page.href.replaceAll('&', '&#38;')}"`), text)
      assert.match(readFileSync(`${seen()}.mode`, 'utf8'), /^-rw------- /)
      const secret = login.page.searchParams.get('state') ?? ''
      assert.deepEqual(listProcesses(secret), [])
      assert.equal(listProcesses(join(state, 'login-')).length > 0, true, 'the file is what it was started with')
      await login.come({token: 'rc_new-a'})
      assert.equal((await result(login))['logged_in'], true)
      assert.deepEqual(
        readdirSync(state).filter((name) => name.startsWith('login-')),
        [],
      )
    })

    it('opens none in an SSH session, where nobody sits in front of it, and says how to come here', async () => {
      rmSync(seen(), {force: true})
      const env = {...desktop, SSH_CONNECTION: '192.0.2.1 5 192.0.2.2 22'}
      const login = await begin([], env)
      const port = login.page.searchParams.get('port')
      assert.ok(login.stderr().includes(`ssh -L ${port}:localhost:${port} <this machine>`), login.stderr())
      await login.come({error: 'access_denied'})
      await login.ended
      assert.equal(existsSync(seen()), false)
    })
  })

  describe('at a terminal', () => {
    const start = (...args: string[]) => {
      const env = {...home.env, TERM: 'xterm'}
      const terminal = spawn(process.execPath, [BIN, 'login', '--store', 'file', ...args], {
        ...{cols: 200, rows: 30, env, cwd: home.path},
      })
      let shown = ''
      terminal.onData((text) => {
        shown += text
      })
      const ended = new Promise<number>((resolve) => terminal.onExit(({exitCode}) => resolve(exitCode)))
      const wait = (text: string): Promise<void> =>
        until(
          () => shown.includes(text),
          () => shown,
        )
      return {terminal, shown: () => shown, ended, wait}
    }

    it('asks for a token at the same time, again where it gets none, and shows nothing of it', async () => {
      const {terminal, shown, ended, wait} = start()
      await wait('Token: ')
      terminal.write('no token\r')
      await wait('That is no token')
      await wait('blanks.\r\nToken: ')
      terminal.write('rc_pasted-a\r')
      assert.equal(await ended, 0, shown())
      assert.equal(keptToken(), 'rc_pasted-a')
      assert.ok(!shown().includes('rc_pasted'))
    })

    it('takes what comes from the browser while it asks, and gives the terminal back', async () => {
      const {shown, ended, wait} = start()
      await wait('Token: ')
      const [, port, secret] = /port=(\d+)&state=([\w-]+)/.exec(shown()) ?? []
      await fetch(`http://127.0.0.1:${port}/callback?state=${secret}&token=rc_new-a`)
      assert.equal(await ended, 0, shown())
      assert.match(shown(), /Logged in to \S+ as profile fake \(1 workspace\)\. The token is in /)
    })

    it('ends with 130 at Ctrl-C', async () => {
      const {terminal, ended, wait} = start()
      await wait('Token: ')
      terminal.write('\u0003')
      assert.equal(await ended, 130)
      assert.equal(keptToken(), 'rc_old-a')
    })

    it('asks before it replaces another account, and takes nothing but a yes for one', async () => {
      for (const [said, kept] of [
        ['\r', 'rc_old-a'],
        ['y\r', 'rc_new-b'],
      ] as const) {
        const {terminal, ended, wait} = start('--paste')
        await wait('Token for ')
        terminal.write('rc_new-b\r')
        await wait('Replace the login of an account with other workspaces? [y/N]')
        terminal.write(said)
        assert.equal(await ended, kept === 'rc_old-a' ? 1 : 0)
        assert.equal(keptToken(), kept)
      }
    })

    it('only asks, where no page is known', async () => {
      change(({web_base: _, ...rest}) => rest)
      const {terminal, ended, wait} = start()
      await wait('is not known; its token can be pasted.')
      await wait('Token: ')
      terminal.write('rc_pasted-a\r')
      assert.equal(await ended, 0)
    })
  })
})
