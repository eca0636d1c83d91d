import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {mkdirSync, readFileSync} from 'node:fs'
import {connect} from 'node:net'
import {join} from 'node:path'
import {type Forwarding, shout, startShouter, watchForwarding} from '../support/forwarding.ts'
import {freePort} from '../support/free-port.ts'
import {isAlive, listProcesses} from '../support/processes.ts'
import {type Run, runcode, startRuncode} from '../support/runcode.ts'
import {temporaryHome} from '../support/temporary-home.ts'
import {until} from '../support/until.ts'

describe('port-forward --reverse', function () {
  this.timeout(60_000)
  const home = temporaryHome()
  const tree = join(home.path, 'tree')
  const state = join(home.path, '.local/state/runcode/cli')
  const started: Forwarding[] = []
  let service: Awaited<ReturnType<typeof startShouter>>

  const run = (...args: string[]): Promise<Run> => runcode(args, {env: home.env, cwd: tree})
  const succeed = async (...args: string[]): Promise<Readonly<Record<string, unknown>>> => {
    const {status, stdout, stderr} = await run(...args, '--json')
    assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return JSON.parse(stdout)
  }
  const reverse = (...ports: string[]): Forwarding => {
    const child = startRuncode(['port-forward', '--reverse', '--json', ...ports], {env: home.env, cwd: tree})
    const forwarding = watchForwarding(child)
    started.push(forwarding)
    return forwarding
  }
  /** One that is ready, with the port of the workspace, which is of this machine here. */
  const ready = async (): Promise<Forwarding & {readonly remote: number}> => {
    const remote = await freePort()
    const forwarding = reverse(`${service.port}:${remote}`)
    await forwarding.heard('ready')
    return {...forwarding, remote}
  }
  const serverPid = (): number =>
    (JSON.parse(readFileSync(join(state, 'server/server.json'), 'utf8')) as {pid: number}).pid
  const sshOf = (): readonly string[] => listProcesses(join(state, 'sessions')).filter((one) => one.includes('\0-N\0'))
  const noSsh = (): Promise<void> =>
    until(
      () => sshOf().length === 0,
      () => sshOf().join('\n'),
    )

  before(async () => {
    mkdirSync(tree)
    service = await startShouter()
    await succeed('server', 'up')
    await succeed('server', 'workspace', 'create', 'box')
    await succeed('connect', 'box', '--start', '--wait')
  })
  afterEach(async () => {
    for (const {child} of started.splice(0)) child.kill('SIGKILL')
    await noSsh()
  })
  after(async () => {
    service.close()
    await run('server', 'down', '--purge')
    home.remove()
  })

  it('carries connections from both loopbacks of the workspace, each direction to its own end, and closes with Ctrl-C', async () => {
    const {remote, events, end} = await ready()
    const words = 'x'.repeat(1 << 20)
    assert.equal(await shout(remote, words), words.toUpperCase())
    assert.equal(await shout(remote, words, '::1'), words.toUpperCase())
    assert.equal(await end('SIGINT'), 0)
    const facts = {local: service.port, remote, remote_host: 'localhost', reverse: true}
    const {workspace, profile, chosen_by, ...said} = events[0] ?? {}
    assert.deepEqual(said, {event: 'ready', ...facts, addresses: []})
    assert.deepEqual(events.at(-1), {event: 'closed', ...facts, reason: 'interrupted'})
    await noSsh()
    await untilFree(remote)
  })

  it('says in a line where what leads', async () => {
    const remote = await freePort()
    const child = startRuncode(['port-forward', '--reverse', `${service.port}:${remote}`], {env: home.env, cwd: tree})
    let [stdout, stderr] = ['', '']
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk))
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk))
    await until(
      () => stdout.endsWith('\n'),
      () => stdout,
    )
    child.kill('SIGINT')
    assert.equal(stdout, `Forwarding port ${remote} of box to localhost:${service.port}.\n`)
    const closed = `Closed port ${remote} of the workspace to localhost:${service.port}.`
    await until(
      () => stderr.includes(closed),
      () => stderr,
    )
  })

  it('goes on with the others where a port of the workspace is in use, and names it', async () => {
    const remote = await freePort()
    const {events, heard, end} = reverse(`8080:${service.port}`, `${service.port}:${remote}`)
    await heard('ready')
    const [{event, error, message, hint} = {}] = events
    assert.deepEqual([event, error], ['failed', 'reverse_refused'])
    assert.equal(
      message,
      `Port ${service.port} of the workspace cannot lead here: something listens on it there, or its gateway allows no reverse forwards.`,
    )
    assert.equal(hint, 'Take another port of the workspace: runcode port-forward --reverse 8080:<port>')
    assert.equal(await shout(remote, 'others'), 'OTHERS')
    assert.equal(await end('SIGTERM'), 0)
  })

  it('fails where no port can be had', async () => {
    const {status, stdout} = await run('port-forward', '--reverse', '--json', `8080:${service.port}`)
    const {error, local, remote} = JSON.parse(stdout) as Record<string, unknown>
    assert.deepEqual([status, error, local, remote], [1, 'reverse_refused', 8080, service.port])
  })

  it('tells that nothing listens here, and breaks the connection', async () => {
    const [local, remote] = [await freePort(), await freePort()]
    const {heard} = reverse(`${local}:${remote}`)
    await heard('ready')
    assert.equal(await shout(remote, 'x').catch(() => ''), '')
    assert.equal((await heard('refused'))['reason'], `nothing answers on port ${local} of this machine`)
  })

  it('opens the port again by itself after the gateway was killed and started, and where its ssh was killed', async () => {
    const {remote, heard, events} = await ready()
    process.kill(serverPid(), 'SIGKILL')
    await heard('lost')
    assert.equal(await isFree(remote), true)
    await succeed('server', 'up')
    await heard('restored')
    assert.equal(await shout(remote, 'again'), 'AGAIN')
    spawn('pkill', ['-9', '-f', `ssh -N -T -F ${join(state, 'sessions')}`])
    await heard('restored', 2)
    assert.equal(await shout(remote, 'later'), 'LATER')
    assert.deepEqual(
      events.map(({event}) => event),
      ['ready', 'lost', 'restored', 'lost', 'restored'],
    )
  })

  it('is listed, and each of its ports cancelled by itself, by the local port', async () => {
    const other = await startShouter()
    const [one, two] = [await freePort(), await freePort()]
    const {heard, end} = reverse(`${service.port}:${one}`, `${other.port}:${two}`)
    await heard('ready', 2)
    const {forwards} = await succeed('port-forward', '--list')
    const listed = (forwards as {local: number; remote: number; reverse: boolean; addresses: string[]}[]).map(
      ({local, remote, reverse: isReverse, addresses}) => [local, remote, isReverse, addresses],
    )
    const expected = [
      [service.port, one, true, []],
      [other.port, two, true, []],
    ]
    assert.deepEqual(new Set(listed), new Set(expected))
    await succeed('port-forward', '--cancel', String(service.port))
    assert.equal((await heard('closed'))['reason'], 'cancelled')
    await untilFree(one)
    assert.equal(await shout(two, 'x'), 'X')
    await succeed('port-forward', '--cancel', '--all')
    assert.equal(await end(), 0)
    await untilFree(two)
    other.close()
  })

  it('stays in the background until its workspace is disconnected, and its port is closed then', async () => {
    const remote = await freePort()
    const {pid} = await succeed('port-forward', '--background', '--reverse', `${service.port}:${remote}`)
    assert.equal(await shout(remote, 'background'), 'BACKGROUND')
    await succeed('disconnect')
    await until(
      () => !isAlive(Number(pid)),
      () => 'It lives.',
    )
    await untilFree(remote)
    await succeed('connect', 'box', '--wait')
  })

  it('closes its port also where it is killed', async () => {
    const {remote, end} = await ready()
    assert.equal(await end('SIGKILL'), null)
    await noSsh()
    await untilFree(remote)
  })

  it('ends with a clear word where the workspace is stopped', async () => {
    const {events, end} = await ready()
    await succeed('stop', 'box', '--keep')
    assert.equal(await end(), 1)
    assert.equal(events.at(-1)?.['error'], 'workspace_stopped')
    await succeed('start', 'box')
  })

  for (const [args, message] of [
    [['0:3000'], '"0:3000" is no port to forward.'],
    [['80:db.example.test:3000'], '"80:db.example.test:3000" is no port to forward.'],
    [['80', '--address', '0.0.0.0'], '--address=0.0.0.0 cannot also be provided when using --reverse'],
    [['80', '--open'], '--open=true cannot also be provided when using --reverse'],
  ] as const) {
    it(`refuses: port-forward --reverse ${args.join(' ')}`, async () => {
      const {status, stdout} = await run('port-forward', '--reverse', '--json', ...args)
      assert.equal(status, 2)
      assert.ok((JSON.parse(stdout) as {message: string}).message.includes(message), stdout)
    })
  }
})

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(false)
    }).on('error', (error) => resolve('code' in error && error.code === 'ECONNREFUSED'))
  })

const untilFree = async (port: number): Promise<void> => {
  for (const end = performance.now() + 10_000; !(await isFree(port)); ) {
    assert.ok(performance.now() < end, `Port ${port} is open.`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
