import assert from 'node:assert/strict'
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {type IPty, spawn} from '@lydell/node-pty'
import {useFakeAccount} from '../support/fake-account.ts'
import {type FakeControlPlane, startFakeControlPlane} from '../support/fake-control-plane.ts'
import {BIN, runcode, startRuncode} from '../support/runcode.ts'
import {temporaryHome} from '../support/temporary-home.ts'

/** The program as a person at a terminal sees it. */
describe('at a terminal', function () {
  this.timeout(30_000)
  const home = temporaryHome()
  let plane: FakeControlPlane

  interface Screen {
    readonly terminal: IPty
    readonly shown: () => string
    /** Waits until the text is there. */
    until(text: string): Promise<void>
    readonly ended: Promise<number>
  }

  const start = (...args: string[]): Screen => startIn({}, ...args)
  const startIn = (more: Readonly<Record<string, string | undefined>>, ...args: string[]): Screen => {
    const all = Object.entries({...home.env, TERM: 'xterm', ...more})
    const env = Object.fromEntries(all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
    const terminal = spawn(process.execPath, [BIN, ...args], {
      cols: 100,
      rows: 30,
      env,
      cwd: home.path,
    })
    let shown = ''
    terminal.onData((text) => {
      shown += text
    })
    return {
      terminal,
      shown: () => shown,
      until: async (text) => {
        for (let tries = 0; !shown.includes(text) && tries < 200; tries += 1)
          await new Promise((resolve) => setTimeout(resolve, 50))
        assert.ok(shown.includes(text), shown)
      },
      ended: new Promise((resolve) => terminal.onExit(({exitCode}) => resolve(exitCode))),
    }
  }

  const answerLists = (state: string, title = 'calm-reed'): void => {
    const row = {
      id: 7,
      title,
      custom_title: null,
      provider: 'aws',
      interim_state: '',
      current_state: state,
    }
    plane.on('GET', '/api/rc/workspaces?category=active', () => ({
      status: 200,
      body: {error: false, data: {workspaces: [row]}},
    }))
    plane.on('GET', '/api/rc/workspaces?category=shared', () => ({
      status: 200,
      body: {error: false, data: {workspaces: []}},
    }))
  }

  before(async () => {
    plane = await startFakeControlPlane()
    useFakeAccount(home.path, plane, 'rc_old')
    answerLists('running')
  })
  after(async () => {
    await plane.close()
    home.remove()
  })

  for (const [flag, secret] of [
    ['--with-token', 'rc_newer'],
    ['--paste', 'rc_new'],
  ] as const)
    it(`login ${flag} asks without showing what is typed, and keeps it once it was accepted`, async () => {
      const screen = start('login', flag, '--store', 'file')
      await screen.until(`Token for ${plane.apiBase}: `)
      screen.terminal.write(`rc_wrong\u0015${secret}xx\u007f\u007f\r`)
      assert.equal(await screen.ended, 0)
      assert.ok(!/rc_(?:ne|wr)/.test(screen.shown()), screen.shown())
      assert.ok(plane.requests.some(({authorization}) => authorization === `Token ${secret}`))
      const kept = JSON.parse(readFileSync(join(home.path, '.config/runcode/cli/credentials.json'), 'utf8'))
      assert.equal(kept.tokens[0].token, secret)
    })

  it('login --paste ends with 130 at Ctrl-C, and changes nothing', async () => {
    const screen = start('login', '--paste', '--store', 'file')
    await screen.until('Token for ')
    screen.terminal.write('abc\u0003')
    assert.equal(await screen.ended, 130)
    assert.match(readFileSync(join(home.path, '.config/runcode/cli/credentials.json'), 'utf8'), /"rc_new"/)
  })

  it('login --paste asks nothing where there is no terminal', async () => {
    const {status, stdout} = await runcode(['login', '--paste', '--json'], {env: home.env, cwd: home.path})
    assert.deepEqual([status, JSON.parse(stdout).error], [2, 'usage'])
  })

  it('connect draws its steps with the time that passed, on stderr', async () => {
    plane.on('POST', '/api/rc/workspace/7/ssh-session', () => ({
      status: 503,
      body: {error: true, message: 'not today'},
    }))
    const screen = start('connect', 'calm-reed')
    assert.equal(await screen.ended, 2)
    assert.match(screen.shown(), /✔ Looking for calm-reed .*\[[\d.]+m?s\]/)
    assert.match(screen.shown(), /✖ Taking a pass/)
    assert.match(screen.shown(), /runcode: https:\/\/localhost:\d+ answered 503: not today/)
  })

  it('Ctrl-C ends a connect with 130 at once, and leaves neither a session nor an attachment', async () => {
    plane.on('POST', '/api/rc/workspace/7/ssh-session', () => new Promise(() => undefined))
    const screen = start('connect', 'calm-reed')
    await screen.until('Taking a pass')
    await new Promise((resolve) => setTimeout(resolve, 300))
    const began = Date.now()
    screen.terminal.write('\u0003')
    assert.equal(await screen.ended, 130)
    assert.ok(Date.now() - began < 3000)
    assert.ok(screen.shown().includes('runcode: Interrupted.\r\n'), screen.shown())
    const left = readdirSync(join(home.path, '.local/state/runcode/cli'), {recursive: true, encoding: 'utf8'})
    assert.deepEqual(
      left.filter((path) => /g[0-9a-f]{24}|current|lock|attachments/.test(path)),
      [],
    )
  })

  it('login --with-token ends with 130 at the first TERM', async () => {
    const child = startRuncode(['login', '--with-token'], {env: home.env, cwd: home.path})
    await new Promise((resolve) => setTimeout(resolve, 2500))
    child.kill('SIGTERM')
    assert.equal(await new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal))), 130)
  })

  it('Ctrl-C ends a wait for SSH with 130 at once', async () => {
    answerLists('running')
    const bundle = {
      host: '127.0.0.1',
      port: 1,
      user: 'calm-reed',
      known_hosts: `x ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA${'A'.repeat(42)}`,
      expires_at: new Date(Date.now() + 1_800_000).toISOString(),
    }
    plane.on('POST', '/api/rc/workspace/7/ssh-session', () => ({status: 200, body: {error: false, bundle}}))
    const screen = start('connect', 'calm-reed', '--wait')
    await screen.until('Waiting for SSH')
    await new Promise((resolve) => setTimeout(resolve, 500))
    const began = Date.now()
    screen.terminal.write('\u0003')
    assert.equal(await screen.ended, 130)
    assert.ok(Date.now() - began < 2000)
  })

  it('Ctrl-C ends a wait for a start with 130', async () => {
    answerLists('stopped')
    plane.on('GET', '/api/rc/workspace/start', () => ({status: 200, body: {error: false, message: 'ok'}}))
    const screen = start('start', 'calm-reed')
    await screen.until('Starting calm-reed')
    await new Promise((resolve) => setTimeout(resolve, 300))
    screen.terminal.write('\u0003')
    assert.equal(await screen.ended, 130)
  })

  it('prints ASCII only where other bytes stand for other characters: one of a letter may be a control character', async () => {
    answerLists('running', 'Gr\u00fcn\u00db31m')
    const plain = startIn({LC_ALL: 'de_DE.ISO-8859-1'}, 'list')
    assert.equal(await plain.ended, 0)
    assert.match(plain.shown(), /Gr\?n\?31m/)
    assert.match(plain.shown(), /^[ -~\r\n]+$/)
    const usual = startIn({LC_ALL: '', LANG: 'de_DE.UTF-8'}, 'list')
    assert.equal(await usual.ended, 0)
    assert.match(usual.shown(), /Gr\u00fcn\u00db31m/)
    answerLists('running')
  })

  for (const [what, env] of [
    ['a dumb terminal', {TERM: 'dumb'}],
    ['one that is not for UTF-8', {LC_ALL: 'C'}],
  ] as const)
    it(`says steps in lines, without control sequences, at ${what}`, async () => {
      const screen = startIn(env, 'start', 'calm-reed')
      await screen.ended
      assert.match(screen.shown(), /^Starting calm-reed: done \(\d\.\ds\)\r\n/)
      assert.ok(!screen.shown().includes('\u001b'), screen.shown())
    })

  it('draws steps without colours where NO_COLOR says so, and with them where it does not', async () => {
    const isColoured = async (env: Readonly<Record<string, undefined>>): Promise<boolean> => {
      const screen = startIn(env, 'start', 'calm-reed')
      await screen.ended
      assert.match(screen.shown(), /Starting calm-reed/)
      return /\u001b\[3\dm/.test(screen.shown())
    }
    assert.deepEqual([await isColoured({}), await isColoured({NO_COLOR: undefined})], [false, true])
  })
})
