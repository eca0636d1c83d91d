import assert from 'node:assert/strict'
import {createHash, randomBytes} from 'node:crypto'
import type {ClientChannel} from 'ssh2'
import {BRAVE, type GatewayFixture, isRunning, openGateway, outcomeOf, until} from './gateway-fixture.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** `channel.signal` of ssh2's client sends nothing once stdin has ended. */
const sendSignal = (channel: ClientChannel, name: string): void => {
  const {_client: client, outgoing} = channel as unknown as {
    _client: {_protocol: {signal(id: number, name: string): void}}
    outgoing: {id: number}
  }
  client._protocol.signal(outgoing.id, name)
}

describe('commands through the gateway', () => {
  let fixture: GatewayFixture
  before(async () => {
    fixture = await openGateway()
  })
  after(() => fixture.close())

  const run = (command: string, input: Uint8Array | string = '', options: string[] = []) =>
    fixture.ssh([...fixture.sshArgs(options), command], input)
  const execute = async (command: string, options: object = {}): Promise<ClientChannel> => {
    const client = await fixture.connect()
    return await new Promise((resolve, reject) =>
      client.exec(command, options, (error, channel) => (error ? reject(error) : resolve(channel))),
    )
  }

  for (const code of [0, 37, 255]) {
    it(`give their own exit status ${code}`, async () => {
      const {ending} = await run(`exit ${code}`)
      assert.deepEqual(ending, {kind: 'exited', code})
    })
  }

  it('keep stdout and stderr apart', async () => {
    const {stdout, stderr} = await run('echo out; echo err >&2')
    assert.deepEqual([stdout.toString(), stderr], ['out\n', 'err\n'])
  })

  it('can open their output by /dev/stdout and /dev/stderr', async () => {
    const {stdout, stderr} = await run('echo out > /dev/stdout; echo err > /dev/stderr')
    assert.deepEqual([stdout.toString(), stderr], ['out\n', 'err\n'])
  })

  it('see the end of stdin', async () => {
    assert.deepEqual((await run('cat; echo end', 'abc')).stdout.toString(), 'abcend\n')
  })

  it('get and give 32 MiB byte for byte, also while the keys are exchanged anew', async () => {
    const bytes = randomBytes(32 << 20)
    const {stdout, ending} = await run('cat', bytes, ['-o', 'RekeyLimit=8M'])
    assert.deepEqual([stdout.length, sha256(stdout), ending], [bytes.length, sha256(bytes), {kind: 'exited', code: 0}])
  })

  it('give megabytes on stdout and stderr at once, none twice and none lost', async () => {
    const {stdout, stderr} = await run('seq 1 400000 & seq 400001 800000 >&2; wait')
    const lines = (from: number): string => Array.from({length: 400_000}, (_, i) => `${from + i}\n`).join('')
    assert.equal(sha256(stdout), sha256(Buffer.from(lines(1))))
    assert.equal(sha256(Buffer.from(stderr)), sha256(Buffer.from(lines(400_001))))
  })

  it('that a signal ends are reported with that signal, without a core', async () => {
    assert.deepEqual((await outcomeOf(await execute('kill -TERM $$'))).exit, [null, 'SIGTERM', false, ''])
    assert.deepEqual((await run('kill -TERM $$')).ending, {kind: 'exited', code: 255})
  })

  it('that die of a signal without a name in SSH give 128 and its number', async () => {
    assert.deepEqual((await run('kill -BUS $$')).ending, {kind: 'exited', code: 128 + 7})
  })

  it('that cannot be started give no status, so that ssh says 255', async () => {
    const channel = await execute('echo \0')
    assert.deepEqual(await outcomeOf(channel), {stdout: '', exit: []})
  })

  it('get signals from the client, also after the end of stdin', async () => {
    const channel = await execute(`trap 'echo usr1; exit 3' USR1; cat; echo ready; while :; do sleep 0.05; done`)
    const outcome = outcomeOf(channel)
    channel.end()
    await new Promise((resolve) => channel.once('data', resolve))
    sendSignal(channel, 'USR1')
    assert.deepEqual(await outcome, {stdout: 'ready\nusr1\n', exit: [3]})
  })

  it('run in HOME, as a login shell where none is named', async () => {
    assert.equal((await run('pwd')).stdout.toString(), `${fixture.path('workspaces')}/${BRAVE.title}/home\n`)
    const {stdout, ending} = await fixture.ssh(fixture.sshArgs(['-T']), 'echo $0; exit 5\n')
    assert.deepEqual([stdout.toString(), ending], ['-sh\n', {kind: 'exited', code: 5}])
  })

  it('may leave a daemon behind when they end by themselves', async () => {
    const {stdout} = await run('sleep 60 >/dev/null 2>&1 </dev/null & echo $!')
    const pid = Number(stdout.toString())
    assert.equal(isRunning(pid), true)
    process.kill(pid)
  })

  it('get the variables of language and terminal, and no other, from a client', async () => {
    const channel = await execute('env', {
      env: {LC_TIME: 'C', COLORTERM: 'truecolor', BASH_ENV: '/x', RUNCODE_WORKSPACE: 'x'},
    })
    const lines = (await outcomeOf(channel)).stdout.split('\n')
    const names = ['LC_TIME', 'COLORTERM', 'BASH_ENV', 'RUNCODE_WORKSPACE']
    assert.deepEqual(lines.filter((line) => names.includes(line.split('=')[0] ?? '')).sort(), [
      'COLORTERM=truecolor',
      'LC_TIME=C',
      `RUNCODE_WORKSPACE=${BRAVE.title}`,
    ])
  })

  it('end when the client wants no more of their output', async () => {
    const child = fixture.startSsh([...fixture.sshArgs(), 'echo $$; exec yes'])
    const first = await new Promise<Buffer>((resolve) => child.stdout?.once('data', resolve))
    child.stdout?.destroy()
    const pid = Number.parseInt(first.toString(), 10)
    await until('yes has ended', () => !isRunning(pid))
  })

  for (const [what, refused] of Object.entries({
    'a subsystem other than sftp': ['-s', 'netconf'],
    'a remote forward on every address': ['-o', 'ExitOnForwardFailure=yes', '-R', '*:0:127.0.0.1:1', 'true'],
    'a remote forward of a socket': ['-o', 'ExitOnForwardFailure=yes', '-R', '/tmp/none.sock:127.0.0.1:1', 'true'],
  })) {
    it(`${what} is refused`, async () => {
      const options = refused.slice(0, -1)
      const {ending} = await fixture.ssh([...fixture.sshArgs(options), refused.at(-1) ?? ''])
      assert.deepEqual(ending, {kind: 'exited', code: 255})
    })
  }

  it('on a terminal see one, of the size that was asked for and changed to', async () => {
    const channel = await execute('tty; stty size; read line; stty size; exit 4', {
      pty: {term: 'vt100', cols: 100, rows: 40, width: 0, height: 0, modes: {}},
    })
    const outcome = outcomeOf(channel)
    await new Promise((resolve) => channel.once('data', resolve))
    channel.setWindow(50, 132, 0, 0)
    channel.write('\n')
    const {stdout, exit} = await outcome
    assert.match(stdout, /^\/dev\/\S+\r\n40 100\r\n\r\n50 132\r\n$/)
    assert.deepEqual(exit, [4])
  })

  it('on a terminal of the real client give what they print and their status', async () => {
    const {stdout, ending} = await fixture.ssh([...fixture.sshArgs(['-tt']), 'tty >/dev/null && echo terminal; exit 3'])
    assert.deepEqual([stdout.toString(), ending], ['terminal\r\n', {kind: 'exited', code: 3}])
  })
})
