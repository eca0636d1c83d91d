import assert from 'node:assert/strict'
import {existsSync, readFileSync} from 'node:fs'
import type {Client, ClientChannel} from 'ssh2'
import {BRAVE, CALM, collect, type GatewayFixture, isRunning, openGateway, outcomeOf, until} from './gateway-fixture.ts'

/** Does something when the next session of a client is open, and the request that it is for not yet sent. */
const beforeRequests = (client: Client, act: () => void): void => {
  const {_handlers: handlers} = (
    client as unknown as {_protocol: {_handlers: {CHANNEL_OPEN_CONFIRMATION: (...facts: unknown[]) => void}}}
  )._protocol
  const handle = handlers.CHANNEL_OPEN_CONFIRMATION
  handlers.CHANNEL_OPEN_CONFIRMATION = (...facts) => {
    handlers.CHANNEL_OPEN_CONFIRMATION = handle
    act()
    handle(...facts)
  }
}

describe('commands whose connection ends, stalls or is shared', () => {
  let fixture: GatewayFixture
  before(async () => {
    fixture = await openGateway()
  })
  after(() => fixture.close())

  const run = (command: string, input: Uint8Array | string = '', options: string[] = []) =>
    fixture.ssh([...fixture.sshArgs(options), command], input)

  it('go by the dozen over one master, each with its own status', async () => {
    const control = ['-o', `ControlPath=${fixture.path('mux')}`]
    const master = fixture.startSsh(fixture.sshArgs([...control, '-M', '-N']))
    await until('the master listens', async () => {
      const {ending} = await fixture.ssh(fixture.sshArgs([...control, '-O', 'check']))
      return ending.kind === 'exited' && ending.code === 0
    })
    const codes = Array.from({length: 8}, (_, i) => i + 1)
    const results = await Promise.all(
      codes.map((code) => fixture.ssh([...fixture.sshArgs(control), `echo ${code}; exit ${code}`])),
    )
    assert.deepEqual(
      results.map(({stdout, ending}) => [stdout.toString(), ending]),
      codes.map((code) => [`${code}\n`, {kind: 'exited', code}]),
    )
    assert.equal(fixture.gateway.connectionCount() >= 1, true)
    // A client of the master that is killed closes its channel, not the connection.
    const client = fixture.startSsh([...fixture.sshArgs(control), 'echo $$; exec sleep 300'])
    const first = await new Promise<Buffer>((resolve) => client.stdout?.once('data', resolve))
    client.kill('SIGKILL')
    const pid = Number.parseInt(first.toString(), 10)
    await until('the command of the killed client has ended', () => !isRunning(pid))
    assert.equal(master.exitCode, null)
    await fixture.ssh(fixture.sshArgs([...control, '-O', 'exit']))
  })

  for (const [how, options] of Object.entries({pipes: [], 'a terminal': ['-tt']})) {
    it(`on ${how} end, with their children, when the client is killed`, async () => {
      const command = `trap '' TERM HUP; sleep 300 & echo $$ $!; wait`
      const child = fixture.startSsh([...fixture.sshArgs(options), command])
      const first = await new Promise<Buffer>((resolve) => child.stdout?.once('data', resolve))
      const pids = first.toString().trim().split(' ').map(Number)
      assert.deepEqual(pids.map(isRunning), [true, true])
      child.kill('SIGKILL')
      await until('both have ended', () => !pids.some(isRunning))
    })
  }

  it('cannot be started any more in a workspace that has stopped, by a connection that is still open', async () => {
    const client = await fixture.connect()
    const entrance = fixture.admitted.get(BRAVE.title)
    fixture.admitted.delete(BRAVE.title)
    const error = await new Promise((resolve) => client.exec('true', resolve))
    if (entrance !== undefined) fixture.admitted.set(BRAVE.title, entrance)
    assert.equal(error instanceof Error, true)
  })

  it('cannot be started any more in a workspace that has stopped, on a session that was opened before', async () => {
    const client = await fixture.connect()
    const entrance = fixture.admitted.get(BRAVE.title)
    assert.notEqual(entrance, undefined)
    if (entrance === undefined) return
    beforeRequests(client, () => fixture.admitted.delete(BRAVE.title))
    const marker = fixture.path('started')
    const error = await new Promise((resolve) => client.exec(`touch ${marker}`, resolve))
    fixture.admitted.set(BRAVE.title, entrance)
    assert.equal(error instanceof Error ? error.message : error, 'Unable to exec')
    assert.equal(existsSync(marker), false)
  })

  it('that are refused, as most subsystems are, end over a master too', async () => {
    const control = ['-o', `ControlPath=${fixture.path('mux-s')}`]
    fixture.startSsh(fixture.sshArgs([...control, '-M', '-N']))
    await until('the master listens', async () => {
      const {ending} = await fixture.ssh(fixture.sshArgs([...control, '-O', 'check']))
      return ending.kind === 'exited' && ending.code === 0
    })
    const client = fixture.startSsh([...fixture.sshArgs([...control, '-s']), 'netconf'])
    const limit = setTimeout(() => client.kill('SIGKILL'), 5000)
    const {ending} = await collect(client, '')
    clearTimeout(limit)
    assert.deepEqual(ending, {kind: 'exited', code: 255})
    assert.deepEqual((await fixture.ssh([...fixture.sshArgs(control), 'exit 6'])).ending, {kind: 'exited', code: 6})
    await fixture.ssh(fixture.sshArgs([...control, '-O', 'exit']))
  })

  it('go on, and new ones start, when the pass is over but the workspace runs', async () => {
    const client = await fixture.connect()
    const entrance = fixture.admitted.get(BRAVE.title)
    fixture.admitted.set(BRAVE.title, {workspace: BRAVE, publicKeys: []})
    const channel = await new Promise<ClientChannel>((resolve, reject) =>
      client.exec('echo on', (error, opened) => (error ? reject(error) : resolve(opened))),
    )
    if (entrance !== undefined) fixture.admitted.set(BRAVE.title, entrance)
    assert.deepEqual(await outcomeOf(channel), {stdout: 'on\n', exit: [0]})
  })

  it('and their connection end when their workspace is disconnected, those of another do not', async () => {
    const child = fixture.startSsh([
      ...fixture.sshArgs(['-i', fixture.path('calm')], CALM.title),
      'echo $$; exec sleep 300',
    ])
    const first = await new Promise<Buffer>((resolve) => child.stdout?.once('data', resolve))
    const pid = Number.parseInt(first.toString(), 10)
    await fixture.gateway.disconnect(BRAVE.id)
    assert.equal(isRunning(pid), true)
    await fixture.gateway.disconnect(CALM.id)
    assert.equal(isRunning(pid), false)
  })

  it('that print without end to a client that does not read cost little memory', async () => {
    const child = fixture.startSsh([...fixture.sshArgs(), 'exec yes'])
    await new Promise((resolve) => child.stdout?.once('readable', resolve))
    const before = process.memoryUsage().rss
    await new Promise((resolve) => setTimeout(resolve, 1500))
    const grownBytes = process.memoryUsage().rss - before
    child.kill('SIGKILL')
    assert.equal(grownBytes < 64 << 20, true, `grew by ${grownBytes} bytes`)
  })

  it('see nothing of the environment of the server but what is named', async () => {
    process.env['GATEWAY_TEST_SECRET'] = 'secret'
    const {stdout} = await run('cat /proc/self/environ')
    delete process.env['GATEWAY_TEST_SECRET']
    const names = stdout
      .toString()
      .split('\0')
      .flatMap((line) => (line === '' ? [] : [line.split('=')[0]]))
    assert.deepEqual(names.sort(), [
      'HOME',
      'LOGNAME',
      'PATH',
      'PWD',
      'RUNCODE_WORKSPACE',
      'RUNCODE_WORKSPACE_ID',
      'RUNCODE_WORKSPACE_ROOT',
      'SHELL',
      'TMPDIR',
      'USER',
    ])
    assert.equal(readFileSync(fixture.path('config'), 'utf8').includes('SendEnv'), false)
  })
})
