import assert from 'node:assert/strict'
import {execFileSync, spawn} from 'node:child_process'
import {existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {useFakeAccount} from '../support/fake-account.ts'
import {type FakeControlPlane, startFakeControlPlane} from '../support/fake-control-plane.ts'
import {type RealSshd, startRealSshd, whyNoSshd} from '../support/real-sshd.ts'
import {type Run, runcode} from '../support/runcode.ts'
import {startSlowRelay} from '../support/slow-relay.ts'
import {temporaryHome} from '../support/temporary-home.ts'

const TOKEN = 'rc_test-token'

/** The program against OpenSSH's own server as the gateway of a control plane that a test plays. */
describe('with a real sshd as the gateway', function () {
  this.timeout(60_000)
  const home = temporaryHome()
  const tree = join(home.path, 'tree')
  let sshd: RealSshd
  let plane: FakeControlPlane
  /** What the mint answers; a test changes what it wants to be wrong. */
  let bundle: Record<string, unknown>
  let state = 'running'
  /** Undefined: the key itself is let in. Else: options for the certificate that is given instead. */
  let certified: readonly string[] | undefined

  const run = (...args: string[]): Promise<Run> => runcode(args, {env: home.env, cwd: tree})
  const failure = async (...args: string[]): Promise<Record<string, unknown>> =>
    JSON.parse((await run(...args, '--json')).stdout)
  const sessions = (): readonly string[] =>
    readdirSync(join(home.path, '.local/state/runcode/cli/sessions/fake/41')).filter((name) => name.startsWith('g'))

  /** Ten sessions keep the master busy; the eleventh is refused by sshd's MaxSessions. */
  const runFull = async (): Promise<Run> => {
    const {config, alias} = JSON.parse((await run('connect', 'calm-reed', '--json')).stdout)
    const busy = Array.from({length: 10}, () =>
      spawn('ssh', ['-F', String(config), String(alias), 'echo in; sleep 60'], {stdio: ['ignore', 'pipe', 'ignore']}),
    )
    await Promise.all(busy.map((child) => new Promise((resolve) => child.stdout.once('data', resolve))))
    const result = await run('exec', '--', 'echo', 'alone')
    for (const child of busy) child.kill()
    return result
  }

  before(async function () {
    const why = whyNoSshd()
    if (why !== undefined) {
      assert.ok(!process.env['CI'], `In CI nothing is skipped: ${why}`)
      this.test?.parent?.eachTest((test) => {
        test.title += ` (skipped: ${why})`
      })
      this.skip()
    }
    mkdirSync(tree)
    sshd = await startRealSshd()
    plane = await startFakeControlPlane()
    useFakeAccount(home.path, plane, TOKEN)
    bundle = {
      host: '127.0.0.1',
      port: sshd.port,
      user: sshd.user,
      known_hosts: `[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`,
      web_url: 'https://calm-reed.ws.example.com',
      workdir: sshd.folder,
      ssh_config: 'Host runcode-x\n  HostName 127.0.0.1\n',
    }
    plane.on('GET', '/api/rc/workspaces?category=active', () => ({
      status: 200,
      body: {
        error: false,
        data: {
          workspaces: [
            {id: 41, title: 'calm-reed', custom_title: null, provider: 'aws', interim_state: '', current_state: state},
          ],
        },
      },
    }))
    plane.on('GET', '/api/rc/workspaces?category=shared', () => ({
      status: 200,
      body: {error: false, data: {workspaces: []}},
    }))
    plane.on('POST', '/api/rc/workspace/41/ssh-session', ({body}) => {
      const {public_key: publicKey} = body as {public_key: string}
      if (certified === undefined) sshd.admit(publicKey)
      const certificate = certified === undefined ? null : sshd.certify(publicKey, ...certified)
      const rest = {expires_at: new Date(Date.now() + 1_800_000).toISOString(), credential: {type: 'key', certificate}}
      return {status: 200, body: {error: false, bundle: {...rest, ...bundle}}}
    })
  })

  after(async () => {
    if (sshd === undefined) return
    await run('disconnect', '--all')
    await sshd.stop()
    await plane.close()
    home.remove()
  })

  afterEach(() => assert.deepEqual(plane?.unplanned ?? [], []))

  it('asks the control plane for exactly what the contract says, with the token of its origin', async () => {
    const {status, stderr} = await run('connect', 'calm-reed', '--wait')
    assert.equal(status, 0, stderr)
    const [first, second, mint] = plane.requests
    assert.deepEqual([first?.path, second?.path].toSorted(), [
      '/api/rc/workspaces?category=active',
      '/api/rc/workspaces?category=shared',
    ])
    assert.deepEqual(
      [mint?.method, mint?.path, mint?.authorization],
      ['POST', '/api/rc/workspace/41/ssh-session', `Token ${TOKEN}`],
    )
    const {public_key: publicKey, ...rest} = (mint?.body ?? {}) as Record<string, unknown>
    assert.deepEqual(rest, {ttl: 1800, client: 'runcode-cli'})
    assert.match(String(publicKey), /^ssh-ed25519 [A-Za-z0-9+/=]+ runcode$/)
  })

  for (const code of [0, 3, 255]) {
    it(`passes the remote status ${code} on, over the open connection`, async () => {
      assert.equal((await run('exec', '--', `exit ${code}`)).status, code)
    })
  }

  it('runs in the project directory, brings words over exactly, and keeps the streams apart', async () => {
    const {stdout, stderr, status} = await run(
      'exec',
      '--',
      'sh',
      '-c',
      'pwd; echo "$1"; echo err >&2',
      'sh',
      "it's  $HOME\n",
    )
    assert.deepEqual([status, stdout, stderr], [0, `${sshd.folder}\nit's  $HOME\n\n`, 'err\n'])
  })

  it('logged in once for all of these, with the throwaway key only', () => {
    assert.equal(sshd.log().split('Accepted publickey for').length - 1, 1)
    assert.equal(sshd.log().includes('Failed publickey'), false)
  })

  it('works without an open connection too, and opens one for the next command', async () => {
    const {control_path: controlPath, config, alias} = await failure('connect', 'calm-reed')
    execFileSync('ssh', ['-F', String(config), '-O', 'exit', String(alias)], {stdio: 'ignore'})
    assert.equal((await run('exec', '--', 'exit 5')).status, 5)
    const isUp = (): boolean =>
      readdirSync(join(String(controlPath), '..')).some((name) => String(controlPath).endsWith(name))
    for (let tries = 0; !isUp() && tries < 100; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(isUp(), true)
  })

  it('prints the web address, and opens nothing with --print', async () => {
    assert.equal((await run('open', 'calm-reed', '--print')).stdout, 'https://calm-reed.ws.example.com/\n')
  })

  it('shows ssh only our own values, whatever the user has in ~/.ssh/config', async () => {
    const {config, alias} = await failure('connect', 'calm-reed')
    const plain = execFileSync('ssh', ['-G', '-F', String(config), String(alias)], {encoding: 'utf8', env: home.env})
    mkdirSync(join(home.path, '.ssh'))
    writeFileSync(
      join(home.path, '.ssh/config'),
      'Host *\n  User mallory\n  ProxyCommand false\n  StrictHostKeyChecking no\n  ForwardAgent yes\n',
    )
    assert.equal(
      execFileSync('ssh', ['-G', '-F', String(config), String(alias)], {encoding: 'utf8', env: home.env}),
      plain,
    )
    assert.equal((await run('exec', '--', 'true')).status, 0)
    const values = new Map(plain.split('\n').map((line) => [line.split(' ')[0], line.split(' ').slice(1).join(' ')]))
    const ours = [
      'host',
      'hostname',
      'user',
      'stricthostkeychecking',
      'identitiesonly',
      'identityagent',
      'forwardagent',
      'batchmode',
      'globalknownhostsfile',
      'hostkeyalgorithms',
      'preferredauthentications',
      'proxycommand',
      'controlmaster',
      'permitlocalcommand',
      'updatehostkeys',
    ]
    assert.deepEqual(Object.fromEntries(ours.map((key) => [key, values.get(key)])), {
      host: alias,
      hostname: '127.0.0.1',
      user: sshd.user,
      stricthostkeychecking: 'true',
      identitiesonly: 'yes',
      identityagent: 'none',
      forwardagent: 'no',
      batchmode: 'yes',
      globalknownhostsfile: '/dev/null',
      hostkeyalgorithms: 'ssh-ed25519',
      preferredauthentications: 'publickey',
      proxycommand: undefined,
      controlmaster: 'false',
      permitlocalcommand: 'no',
      updatehostkeys: 'false',
    })
  })

  it('refuses a bundle that is not safe, and leaves nothing new on disk', async () => {
    const before = sessions()
    for (const [field, value] of Object.entries({
      host: '-oProxyCommand=touch x',
      user: 'root\n  ProxyCommand touch x',
      port: '22 ',
      known_hosts: '* ssh-ed25519 AAAA\n',
      ssh_config: 'Host x\n "ProxyCommand" touch x\n',
    })) {
      const good = bundle
      bundle = {...bundle, [field]: value}
      const {error, field: named} = await failure('connect', 'calm-reed', '--force')
      bundle = good
      assert.deepEqual([error, named], ['unsafe_bundle', field])
    }
    assert.deepEqual(sessions(), before)
    assert.equal((await run('exec', '--', 'echo', 'still works')).stdout, 'still works\n')
  })

  it('goes by a certificate where the control plane gives one, for no longer than that is worth', async () => {
    certified = ['-n', sshd.user, '-V', '-1m:+10m']
    const {expires_at: expiresAt} = await failure('connect', 'calm-reed', '--force', '--wait')
    assert.ok(Date.parse(String(expiresAt)) < Date.now() + 620_000)
    assert.equal((await run('exec', '--', 'echo', 'certified')).stdout, 'certified\n')
    assert.match(sshd.log(), /Accepted publickey for \S+ from 127\.0\.0\.1 port \d+ ssh2: ED25519-CERT/)
    certified = ['-n', 'somebody-else']
    assert.deepEqual((({error, field}) => [error, field])(await failure('connect', 'calm-reed', '--force')), [
      'unsafe_bundle',
      'credential',
    ])
    certified = undefined
    assert.equal((await run('exec', '--', 'echo', 'still works')).stdout, 'still works\n')
    await run('connect', 'calm-reed', '--force')
  })

  it('never calls a broken connection one that may be tried again: the command may have run', async () => {
    const relay = await startSlowRelay(sshd.port, 300)
    const good = bundle
    bundle = {...bundle, port: relay.port}
    await run('connect', 'calm-reed', '--force')
    bundle = good
    const {config, alias} = JSON.parse((await run('connect', 'calm-reed', '--json')).stdout)
    execFileSync('ssh', ['-F', String(config), '-O', 'exit', String(alias)], {stdio: 'ignore'})
    const trace = join(home.path, 'trace')
    const running = run('exec', '--json', '--', 'sh', '-c', 'echo ran >> "$1"; sleep 60', 'sh', trace)
    while (!existsSync(trace)) await new Promise((resolve) => setTimeout(resolve, 5))
    relay.cut()
    const {status, stdout} = await running
    const {error, retryable} = JSON.parse(stdout)
    assert.deepEqual([status, error, retryable, readFileSync(trace, 'utf8')], [125, 'connection_lost', false, 'ran\n'])
    await run('connect', 'calm-reed', '--force')
  })

  it('goes on alone where the master is full', async () => {
    const {status, stdout} = await runFull()
    assert.deepEqual([status, stdout], [0, 'alone\n'])
  })

  it('stops nothing at another control plane than the one that this place was attached with', async () => {
    const other = await startFakeControlPlane()
    const asked = (): number => plane.requests.length
    const config = join(home.path, '.config/runcode/cli/profiles.json')
    const kept = readFileSync(config, 'utf8')
    writeFileSync(config, kept.replace(plane.apiBase, other.apiBase).replace(plane.caFile, other.caFile))
    const before = asked()
    const {status, stdout} = await run('stop', '--json')
    writeFileSync(config, kept)
    assert.deepEqual(
      [status, JSON.parse(stdout).error, other.requests.length, asked() - before],
      [1, 'not_attached', 0, 0],
    )
    await other.close()
  })

  it('gives the browser no token', async () => {
    const seen = join(home.path, 'browser-saw')
    const browser = join(home.path, 'browser')
    writeFileSync(browser, `#!/bin/sh\nenv > "${seen}.part" && mv "${seen}.part" "${seen}"\n`, {mode: 0o755})
    const env = {...home.env, BROWSER: browser, RUNCODE_TOKEN: 'rc_secret-of-the-environment'}
    const {status, stderr} = await runcode(['open', 'calm-reed', '--profile', 'fake'], {env, cwd: tree})
    assert.equal(status, 0, stderr)
    for (let tries = 0; !existsSync(seen) && tries < 100; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50))
    assert.ok(!readFileSync(seen, 'utf8').includes('rc_secret'))
  })

  it('says that the workspace is stopped, and connects to nothing', async () => {
    state = 'stopped'
    assert.equal((await failure('connect', 'calm-reed'))['error'], 'conflict')
    state = 'running'
  })

  it('gives up with not_ready where SSH never answers within the time', async () => {
    const good = bundle
    bundle = {...bundle, port: 1}
    const {status, stdout} = await run('connect', 'calm-reed', '--force', '--wait', '--timeout', '3s', '--json')
    bundle = good
    assert.deepEqual([status, JSON.parse(stdout).error], [2, 'not_ready'])
    await run('connect', 'calm-reed', '--force')
  })

  it('never connects to another host key than the pinned one, and does not try again', async () => {
    const {config, alias} = await failure('connect', 'calm-reed')
    execFileSync('ssh', ['-F', String(config), '-O', 'exit', String(alias)], {stdio: 'ignore'})
    await sshd.changeHostKey()
    const asked = plane.requests.length
    assert.deepEqual(await run('exec', '--', 'echo', 'reached'), {
      ...{status: 125, stdout: '', bytes: Buffer.alloc(0)},
      stderr:
        "runcode: The gateway 127.0.0.1 showed another host key than the pinned one: the server's key changed, or it is not that server.\n" +
        'hint: Nothing was sent to it. Take a new pass (runcode connect <workspace> --force) and, if it says this again, ask whoever runs it.\n',
    })
    assert.equal(plane.requests.length, asked, 'no new pass was taken')
    const again = await failure('connect', 'calm-reed', '--force', '--wait')
    assert.deepEqual([again['error'], again['retryable']], ['host_key_changed', false])
  })
})
