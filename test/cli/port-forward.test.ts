import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {type Forwarding, shout, startShouter, watchForwarding} from '../support/forwarding.ts'
import {shapeOf} from '../support/json-shape.ts'
import {isAlive, listProcesses} from '../support/processes.ts'
import {BIN, type Run, runcode, startRuncode} from '../support/runcode.ts'
import {temporaryHome} from '../support/temporary-home.ts'
import {until} from '../support/until.ts'

describe('port-forward', function () {
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
  const forward = (...args: string[]): Forwarding => {
    const child = startRuncode(['port-forward', '--json', ...args], {env: home.env, cwd: tree})
    const forwarding = watchForwarding(child)
    started.push(forwarding)
    return forwarding
  }
  /** One that is ready, with its local port. */
  const ready = async (...args: string[]): Promise<Forwarding & {readonly local: number}> => {
    const forwarding = forward(...(args.length === 0 ? [`0:${service.port}`] : args))
    const {local} = await forwarding.heard('ready')
    return {...forwarding, local: Number(local)}
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

  it('carries connections on both loopbacks, each direction to its own end, and ends well with Ctrl-C', async () => {
    const {local, events, end} = await ready()
    const words = 'x'.repeat(1 << 20)
    assert.equal(await shout(local, words), words.toUpperCase())
    assert.equal(await shout(local, words, '::1'), words.toUpperCase())
    assert.equal(await end('SIGINT'), 0)
    assert.deepEqual(events.at(-1), {
      event: 'closed',
      local,
      remote: service.port,
      remote_host: 'localhost',
      reverse: false,
      reason: 'interrupted',
    })
    await noSsh()
    assert.equal(existsSync(join(state, 'forwards')), false)
    // The socket of the master that connect has started.
    assert.ok(readdirSync(join(home.path, '.cache/runcode/cli/sockets')).every((name) => /^[0-9a-f]{16}$/.test(name)))
  })

  it('goes on with the others where a port is in use, and names who has it', async () => {
    const {events, end, heard} = forward(String(service.port), `0:${service.port}`)
    const {local} = await heard('ready')
    const [failed] = events
    assert.deepEqual(shapeOf(failed), {
      ...{event: 'string', local: 'number', remote: 'number', remote_host: 'string', reverse: 'boolean'},
      ...{error: 'string', message: 'string', hint: 'string'},
    })
    assert.deepEqual(
      [failed?.['event'], failed?.['error'], failed?.['local']],
      ['failed', 'port_unavailable', service.port],
    )
    assert.match(String(failed?.['message']), new RegExp(`in use.*process ${process.pid}`))
    assert.equal(failed?.['hint'], `Take a free one: runcode port-forward 0:${service.port}`)
    assert.equal(await shout(local, 'others'), 'OTHERS')
    assert.equal(await end('SIGTERM'), 0)
  })

  it('fails where no port can be had, before anybody is asked for anything', async () => {
    const {status, stdout} = await run('port-forward', '--json', String(service.port))
    assert.equal(status, 1)
    assert.equal((JSON.parse(stdout) as {error: string}).error, 'port_unavailable')
    assert.equal(stdout.trim().split('\n').length, 1)
  })

  it('says in one line each what is forwarded, and what is not', async () => {
    const child = startRuncode(['port-forward', `0:${service.port}`, '0:example.test:80'], {env: home.env, cwd: tree})
    let stdout = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk
    })
    await until(
      () => stdout.split('\n').length === 3,
      () => stdout,
    )
    child.kill('SIGINT')
    assert.match(
      stdout,
      new RegExp(
        `^Forwarding localhost:\\d+ to port ${service.port} of box\\.\nForwarding localhost:\\d+ to example\\.test:80 by way of box\\.\n$`,
      ),
    )
  })

  it('tells that nothing listens there', async () => {
    const closed = await startShouter()
    closed.close()
    const {local, heard} = await ready(`0:${closed.port}`)
    assert.equal(await shout(local, 'x').catch(() => ''), '')
    const refused = await heard('refused')
    assert.deepEqual([refused['local'], refused['remote']], [local, closed.port])
  })

  it('carries 200 connections at once', async () => {
    const {local} = await ready()
    const words = Array.from({length: 200}, (_, at) => `connection ${at} ${'.'.repeat(5000)}`)
    const said = await Promise.all(words.map((one) => shout(local, one)))
    assert.deepEqual(
      said,
      words.map((one) => one.toUpperCase()),
    )
  })

  // Whether the last one goes to a connection or to its other end.
  for (const limit of [64, 65])
    it(`says so where it has no file descriptors left, and goes on when it has (ulimit -n ${limit})`, async () => {
      const words = [process.execPath, BIN, 'port-forward', '--json', `0:${service.port}`]
      const limited = ['-c', `ulimit -n ${limit}; exec "$@"`, 'sh', ...words]
      const {heard, end} = watchForwarding(
        spawn('sh', limited, {env: {...home.env}, cwd: tree, stdio: ['ignore', 'pipe', 'pipe']}),
      )
      const {local} = await heard('ready')
      await Promise.allSettled(Array.from({length: 100}, () => shout(local, 'x')))
      assert.equal((await heard('refused'))['reason'], 'this process has no file descriptors left (ulimit -n)')
      assert.equal(await shout(local, 'and now'), 'AND NOW')
      assert.equal(await end('SIGINT'), 0)
    })

  it('serves the next connection where its ssh was killed', async () => {
    const {local} = await ready()
    spawn('pkill', ['-9', '-f', `ssh -N -T -F ${join(state, 'sessions')}`])
    await noSsh()
    assert.equal(await shout(local, 'again'), 'AGAIN')
  })

  it('breaks what its ssh carried when that is killed, and ends nothing as if it were whole', async () => {
    const {local} = await ready()
    const waiting = assert.rejects(
      new Promise((resolve, reject) => {
        const socket = spawn(process.execPath, ['-e', HALF, String(local)], {stdio: ['ignore', 'pipe', 'ignore']})
        socket.stdout.once('data', () => spawn('pkill', ['-9', '-f', `ssh -N -T -F ${join(state, 'sessions')}`]))
        socket.once('close', (code) => (code === 0 ? resolve(code) : reject(new Error(String(code)))))
      }),
      /104/,
    )
    await waiting
  })

  it('serves the same address again after the gateway was killed and started; who connects meanwhile waits', async () => {
    const {local, heard, events} = await ready('--verbose', `0:${service.port}`)
    process.kill(serverPid(), 'SIGKILL')
    assert.match(String((await heard('lost'))['ssh_said']), /Connection to \S+ closed/)
    const waiting = shout(local, 'meanwhile')
    await succeed('server', 'up')
    assert.equal(await waiting, 'MEANWHILE')
    assert.equal(await shout(local, 'later'), 'LATER')
    assert.deepEqual(
      events.map(({event}) => event),
      ['ready', 'lost', 'restored'],
    )
  })

  it('is listed, and each of its ports cancelled by itself', async () => {
    const {events, heard, end} = forward(`0:${service.port}`, `0:${service.port}`)
    await heard('ready', 2)
    const [one, two] = events.map(({local}) => Number(local))
    const {forwards} = await succeed('port-forward', '--list')
    const listed = (forwards as {local: number}[]).map(({local}) => local)
    assert.deepEqual(listed.toSorted(), [one, two].toSorted())
    assert.deepEqual(shapeOf(forwards), [
      {
        ...{local: 'number', remote: 'number', remote_host: 'string', reverse: 'boolean', addresses: ['string']},
        ...{
          workspace: {id: 'string', title: 'string'},
          profile: 'string',
          pid: 'number',
          background: 'boolean',
          until: 'null',
        },
      },
    ])
    await succeed('port-forward', '--cancel', String(one))
    assert.deepEqual((await heard('closed'))['reason'], 'cancelled')
    await assert.rejects(shout(one, 'x'), {code: 'ECONNREFUSED'})
    assert.equal(await shout(two, 'x'), 'X')
    await succeed('port-forward', '--cancel', '--all')
    assert.equal(await end(), 0)
    const {status, stdout} = await run('port-forward', '--cancel', String(one), '--json')
    assert.deepEqual([status, (JSON.parse(stdout) as {error: string}).error], [2, 'not_found'])
  })

  it('is cancelled also where its process is stopped', async () => {
    const {child, local} = await ready()
    child.kill('SIGSTOP')
    await succeed('port-forward', '--cancel', String(local))
    assert.equal((await succeed('port-forward', '--list'))['forwards']?.toString(), '')
    await until(
      () => child.signalCode === 'SIGKILL',
      () => 'It lives.',
    )
  })

  it('stays in the background when it is ready, until its workspace is disconnected', async () => {
    const said = await succeed('port-forward', '--background', `0:${service.port}`)
    const [{local}] = said['forwards'] as [{local: number}]
    const pid = Number(said['pid'])
    assert.equal(await shout(local, 'background'), 'BACKGROUND')
    const {forwards} = await succeed('port-forward', '--list')
    const [listed] = forwards as [{pid: number; background: boolean; until: string}]
    assert.deepEqual([listed.pid, listed.background], [pid, true])
    const hours = (Date.parse(listed.until) - Date.now()) / 3_600_000
    assert.ok(hours > 11.9 && hours <= 12, `${hours} h`)
    await succeed('disconnect')
    await until(
      () => !isAlive(pid),
      () => 'It lives.',
    )
    assert.equal(existsSync(String(said['log'])), false)
    await succeed('connect', 'box', '--wait')
  })

  it('says in the background why it did not come to be', async () => {
    const {status, stdout} = await run('port-forward', '--background', '--json', String(service.port))
    assert.deepEqual([status, (JSON.parse(stdout) as {error: string}).error], [1, 'port_unavailable'])
  })

  it('ends after the time of --for', async () => {
    const {end, heard} = await ready(`0:${service.port}`, '--for', '1s')
    assert.equal((await heard('closed'))['reason'], 'time_over')
    assert.equal(await end(), 0)
  })

  it('ends, with its ssh, when whoever started it is gone', async () => {
    const words = [process.execPath, BIN, 'port-forward', '--json', `0:${service.port}`]
    const shell = spawn('sh', ['-c', '"$@" & wait', 'sh', ...words], {
      env: {...home.env},
      cwd: tree,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const {heard} = watchForwarding(shell)
    await heard('ready')
    shell.kill('SIGKILL')
    assert.equal((await heard('closed'))['reason'], 'parent_gone')
    await noSsh()
  })

  it('ends, its ssh with it, when it is killed', async () => {
    const {end} = await ready()
    assert.equal(await end('SIGKILL'), null)
    await noSsh()
  })

  for (const [what, forget] of [
    ['by us', () => undefined],
    // As if another machine had stopped it: nobody here knows of the forward.
    ['elsewhere', () => rmSync(join(state, 'forwards'), {recursive: true})],
  ] as const) {
    it(`ends with a clear word where the workspace is stopped ${what}`, async () => {
      const {end, events} = await ready()
      forget()
      await succeed('stop', 'box', '--keep')
      assert.equal(await end(), 1)
      const {error, message, hint} = events.at(-1) ?? {}
      assert.deepEqual(
        [error, message, hint],
        [
          'workspace_stopped',
          'The workspace "box" was stopped: nothing is forwarded any more.',
          'Start it (runcode start 1), then forward again.',
        ],
      )
      await succeed('start', 'box')
    })
  }

  it('leaves nothing in the background of a workspace that is stopped, and no log', async () => {
    const {pid, log} = await succeed('port-forward', '--background', `0:${service.port}`)
    await succeed('stop', 'box', '--keep')
    await until(
      () => !isAlive(Number(pid)),
      () => 'It lives.',
    )
    assert.equal(existsSync(String(log)), false)
    await succeed('start', 'box')
  })

  for (const [args, message] of [
    [[], 'No port is named.'],
    [['--cancel'], 'Which forwards are to end is not clear.'],
    [['--cancel', '80', '--all'], 'Which forwards are to end is not clear.'],
    [['80', '--address', 'localhost'], '--address: "localhost" is no address of a machine.'],
    [['80:x:y'], '"80:x:y" is no port to forward.'],
  ] as const) {
    it(`refuses: port-forward ${args.join(' ')}`, async () => {
      const {status, stdout} = await run('port-forward', '--json', ...args)
      assert.deepEqual([status, (JSON.parse(stdout) as {message: string}).message], [2, message])
    })
  }
})

/** Says a word, tells that it could, and ends with the number of the error (104: ECONNRESET) or 0 at an end. */
const HALF = `
const socket = require('node:net').connect(Number(process.argv[1]), '127.0.0.1', () => socket.write('x', () => process.stdout.write('said')))
socket.resume()
socket.on('error', ({errno}) => process.exit(-errno))
socket.on('end', () => process.exit(0))
`
