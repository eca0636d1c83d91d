import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {forgetManagedPass} from '../../src/session/managed-session.ts'
import {type ManagedStage, startManagedStage, type Way} from '../support/managed-stage.ts'
import {type RawServer, startRawServer} from '../support/raw-server.ts'
import {needSshd} from '../support/sshd-workspace.ts'
import {until} from '../support/until.ts'

const WAYS: readonly Way[] = ['handed over', 'relayed']
const HOST = 'runcode.calm-reed'

describe('a proxy', function () {
  this.timeout(30_000)
  let stage: ManagedStage
  const servers: RawServer[] = []

  before(async function () {
    needSshd(this)
    stage = (await startManagedStage()) as ManagedStage
  })
  beforeEach(async () => {
    stage.refuse = undefined
    await forgetManagedPass(stage.state, stage.owner)
  })
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })
  after(() => stage?.stop())

  const isSoon = (what: string, isSo: () => boolean): Promise<void> =>
    until(isSo, () => `not in time: ${what}\n${stage.proxies().join('\n').replaceAll('\0', ' ')}`)
  /** As clients start it that know nothing of sockets: by a shell, with streams of their own. */
  const startProxy = (way: Way): ChildProcess =>
    spawn('/bin/sh', ['-c', `exec ${stage.proxy(way)}`], {
      env: {PATH: process.env['PATH'], ...stage.env},
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  /** A pass leads to this server from now on. */
  const gateway = async (talk: Parameters<typeof startRawServer>[0]): Promise<RawServer> => {
    const server = await startRawServer(talk)
    servers.push(server)
    stage.refuse = () => stage.minted({port: server.port})
    return server
  }
  const ended = async (child: ChildProcess): Promise<{status: number | null; stdout: Buffer; stderr: string}> => {
    const [out, err]: [Buffer[], Buffer[]] = [[], []]
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
    const [status] = (await once(child, 'close')) as [number | null]
    return {status, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString()}
  }

  it('ends with its ssh that was killed, while a pass is taken and while it waits for one', async () => {
    stage.refuse = () => new Promise(() => undefined)
    const asked = stage.mints()
    const clients = WAYS.map((way) => stage.startSsh([HOST, 'true'], way))
    await isSoon('a pass is asked for', () => stage.mints() > asked)
    for (const client of clients) client.kill('SIGKILL')
    await isSoon('no proxy is left', () => stage.proxies().length === 0)
  })

  it('ends where nobody reads what it says of a failure', async () => {
    stage.refuse = () => stage.minted({port: 1})
    const [full, ended] = ['head -c 65536 /dev/zero >&2', join(stage.home, 'ended')]
    const reader = `for i in $(seq 80); do [ -s ${ended} ] && exit; sleep 0.1; done; exit 1`
    const line = `{ ${full}; ${stage.proxy('relayed')}; echo $? >${ended}; } 2>&1 >/dev/null | { ${reader}; }`
    const child = spawn('/bin/sh', ['-c', line], {
      env: {PATH: process.env['PATH'], ...stage.env},
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    const [status] = (await once(child, 'exit')) as [number | null]
    assert.deepEqual([status, readFileSync(ended, 'utf8')], [0, '1\n'])
  })

  it('ends with its ssh that was killed while it relays, and is not there at all where it handed over', async () => {
    const clients = WAYS.map((way) => stage.startSsh([HOST, 'echo up; sleep 60'], way))
    await Promise.all(clients.map(({stdout}) => once(stdout as NodeJS.ReadableStream, 'data')))
    assert.equal(stage.proxies().length, 1)
    for (const client of clients) client.kill('SIGKILL')
    await isSoon('no proxy is left', () => stage.proxies().length === 0)
  })

  it('goes on for an ssh that goes into the background', async () => {
    const mark = join(stage.home, 'mark')
    const {status} = await stage.ssh(['-f', HOST, `sleep 0.5; touch ${mark}`], {way: 'relayed'})
    assert.equal(status, 0)
    await isSoon('the command is through', () => existsSync(mark))
    await isSoon('no proxy is left', () => stage.proxies().length === 0)
  })

  for (const way of WAYS) {
    it(`carries every byte to a client with streams of its own, and ends when the gateway hangs up (${way})`, async () => {
      const bytes = Buffer.alloc(3_000_000, 'x')
      const heard: Buffer[] = []
      await gateway((socket) => {
        socket.on('data', (chunk: Buffer) => {
          heard.push(chunk)
          if (Buffer.concat(heard).toString().endsWith('bye')) socket.end(bytes)
        })
      })
      const child = startProxy(way)
      child.stdin?.write('hello and ')
      child.stdin?.write('bye')
      const {status, stdout, stderr} = await ended(child)
      assert.deepEqual([status, stdout.length, stderr], [0, bytes.length, ''])
      assert.equal(Buffer.concat(heard).toString(), 'hello and bye')
    })
  }

  it('gives the last bytes to a gateway that answers the end of stdin', async () => {
    await gateway((socket) => {
      let heard = 0
      socket.on('data', (chunk: Buffer) => {
        heard += chunk.length
      })
      socket.on('end', () => socket.end(`${heard}`))
    })
    const child = startProxy('relayed')
    child.stdin?.end(Buffer.alloc(1_000_000))
    const {status, stdout} = await ended(child)
    assert.deepEqual([status, `${stdout}`], [0, '1000000'])
  })

  it('ends on the end of stdin though the gateway does not hang up', async () => {
    await gateway((socket) => socket.write('SSH-2.0-x\r\n'))
    const child = startProxy('relayed')
    child.stdout?.once('data', () => child.stdin?.end())
    assert.equal((await ended(child)).status, 0)
  })

  it('ends when nobody reads its stdout', async () => {
    await gateway((socket) => {
      const timer = setInterval(() => socket.write('x'), 10)
      socket.on('close', () => clearInterval(timer))
    })
    const child = startProxy('relayed')
    child.stdout?.once('data', () => child.stdout?.destroy())
    const [status] = (await once(child, 'exit')) as [number | null]
    assert.equal(status, 0)
  })

  it('ends silently on SIGHUP, TERM and INT, before it is connected and after', async () => {
    for (const signal of ['SIGHUP', 'SIGTERM', 'SIGINT'] as const) {
      const server = await gateway(() => undefined)
      const child = startProxy('relayed')
      await isSoon('it is connected', () => server.open() === 1)
      child.kill(signal)
      const {stdout, stderr} = await ended(child)
      assert.deepEqual([stdout.length, stderr], [0, ''])
      stage.refuse = () => new Promise(() => undefined)
      await forgetManagedPass(stage.state, stage.owner)
      const asked = stage.mints()
      const early = startProxy('relayed')
      await isSoon('a pass is asked for', () => stage.mints() > asked)
      early.kill(signal)
      assert.equal((await ended(early)).stderr, '')
    }
  })

  it('says why in one line where the gateway cannot be reached', async () => {
    stage.refuse = () => stage.minted({port: 1})
    const {status, stdout, stderr} = await ended(startProxy('relayed'))
    assert.deepEqual([status, stdout.length], [1, 0])
    assert.match(
      stderr,
      /^runcode: Could not connect to the gateway 127\.0\.0\.1: connect ECONNREFUSED \S+ Nothing listens there\. .*: runcode server up\n$/,
    )
  })

  it('keeps the logs of the last connections only', () => {
    const logs = readdirSync(join(stage.state, 'managed/logs'))
    assert.ok(logs.length > 10 && logs.length < 60, `${logs.length}`)
  })
})
