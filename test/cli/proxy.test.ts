import assert from 'node:assert/strict'
import {once} from 'node:events'
import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {createServer, connect as open} from 'node:net'
import {join} from 'node:path'
import {forgetManagedPass} from '../../src/session/managed-session.ts'
import {type ManagedStage, startManagedStage, type Way} from '../support/managed-stage.ts'
import {countProcesses} from '../support/processes.ts'
import {needSshd} from '../support/sshd-workspace.ts'
import {until} from '../support/until.ts'

const WAYS: readonly Way[] = ['handed over', 'relayed']
const HOST = 'runcode.calm-reed'

describe('ssh to a managed host', function () {
  this.timeout(30_000)
  let stage: ManagedStage

  before(async function () {
    needSshd(this)
    stage = (await startManagedStage()) as ManagedStage
  })
  beforeEach(async () => {
    stage.lifetimeSeconds = 1800
    stage.refuse = undefined
    listed('running')
    await forgetManagedPass(stage.state, stage.owner)
  })
  after(() => stage?.stop())

  const listed = (state: string, title = 'calm-reed'): void =>
    stage.plane.on('GET', '/api/rc/workspaces', ({path}) => {
      const row = {id: 41, title, custom_title: 'Calm', provider: 'aws', interim_state: '', current_state: state}
      return {status: 200, body: {error: false, data: {workspaces: path.endsWith('=active') ? [row] : []}}}
    })
  const publicKey = (): string => readFileSync(`${stage.host.identityFile}.pub`, 'utf8')
  const answers = async (way: Way, stderr: string | RegExp = ''): Promise<void> => {
    const ran = await stage.ssh([HOST, 'echo there; exit 7'], {way})
    assert.deepEqual([ran.status, `${ran.stdout}`], [7, 'there\n'], ran.stderr)
    if (typeof stderr === 'string') assert.equal(ran.stderr, stderr)
    else assert.match(ran.stderr, stderr)
  }
  /** Our line, before ssh's own words and behind them. */
  const refused = async (way: Way): Promise<string> => {
    const ran = await stage.ssh([HOST, 'true'], {way})
    assert.deepEqual([ran.status, `${ran.stdout}`], [255, ''])
    const lines = ran.stderr.trimEnd().split(/\r?\n/)
    assert.equal(lines.length, 3, ran.stderr)
    assert.equal(lines[2], lines[0])
    return lines[0] ?? ''
  }

  for (const way of WAYS) {
    it(`works at the first try where there was no key pair, and takes no second pass (${way})`, async () => {
      const before = stage.mints()
      await answers(way)
      await answers(way)
      assert.equal(stage.mints(), before + 1)
    })

    it(`works at the first try after an expiry, with the pair that ssh has read by then (${way})`, async () => {
      await answers(way)
      const [key, before] = [publicKey(), stage.mints()]
      // Less than what a connection may begin with: each one takes a new pass.
      stage.lifetimeSeconds = 60
      await forgetManagedPass(stage.state, stage.owner)
      await answers(way)
      await answers(way)
      assert.deepEqual([publicKey(), stage.mints()], [key, before + 2])
    })

    it(`says in one line that the workspace is stopped, and does not start it (${way})`, async () => {
      stage.refuse = () => ({status: 409, body: {error: true, message: 'not running'}})
      listed('stopped')
      const before = stage.plane.requests.length
      assert.equal(await refused(way), 'runcode: The workspace "Calm" is stopped. Start it: runcode start calm-reed')
      const asked = stage.plane.requests.slice(before).map(({method, path}) => `${method} ${path.split('?')[0]}`)
      assert.deepEqual(asked, [
        'POST /api/rc/workspace/41/ssh-session',
        'GET /api/rc/workspaces',
        'GET /api/rc/workspaces',
      ])
    })
  }

  it('says of one that starts already how to wait for it', async () => {
    stage.refuse = () => ({status: 409, body: {error: true, message: 'not running'}})
    listed('starting')
    const line = 'runcode: The workspace "Calm" is starting. Wait until it runs: runcode start calm-reed'
    assert.equal(await refused('relayed'), line)
  })

  it('says it in one line also where ssh is to say little, and leaves nobody behind', async () => {
    stage.refuse = () => ({status: 409, body: {error: true, message: 'not running'}})
    listed('stopped')
    for (const option of ['LogLevel=ERROR', 'LogLevel=QUIET']) {
      const {status, stderr} = await stage.ssh(['-o', option, HOST, 'true'])
      const line = 'runcode: The workspace "Calm" is stopped. Start it: runcode start calm-reed\n'
      assert.deepEqual([status, stderr], [255, line])
    }
    await until(
      () => countProcesses('while read -r line; do :; done') === 0,
      () => 'somebody holds a connection',
    )
  })

  it('takes one pass for any number of connections through an expiry', async () => {
    await answers('handed over')
    await forgetManagedPass(stage.state, stage.owner)
    const before = stage.mints()
    const count = 6
    const runs = Array.from({length: count}, (_, at) =>
      stage.ssh([HOST, `echo ${at}`], {way: WAYS[at % 2] ?? 'relayed'}),
    )
    const said = (await Promise.all(runs)).map(({status, stdout, stderr}) => [status, `${stdout}`, stderr])
    assert.deepEqual(
      said,
      Array.from({length: count}, (_, at) => [0, `${at}\n`, '']),
    )
    assert.equal(stage.mints(), before + 1)
  })

  it('takes a new pass after a start, a stop and a forced connect of ours: the gateway may have forgotten its key', async () => {
    for (const verb of ['start', 'stop'])
      stage.plane.on('GET', `/api/rc/workspace/${verb}`, () => ({status: 200, body: {error: false}}))
    await answers('handed over')
    for (const [state, ...words] of [
      ['stopped', 'start', 'calm-reed', '--no-wait'],
      ['running', 'connect', 'calm-reed', '--force'],
      ['running', 'stop', 'calm-reed'],
    ] as const) {
      listed(state)
      const {status, stderr} = await stage.run(words)
      assert.equal(status, 0, stderr)
      const before = stage.mints()
      await answers('handed over')
      assert.equal(stage.mints(), before + 1, words.join(' '))
    }
  })

  it('goes by way of the HTTP proxy that the profile names, and of no other', async () => {
    const profiles = join(stage.home, '.config/runcode/cli/profiles.json')
    const kept = readFileSync(profiles, 'utf8')
    const asked: string[] = []
    const tunnel = createServer((client) => {
      client.once('data', (head: Buffer) => {
        asked.push(head.toString().split('\r\n')[0] ?? '')
        const gateway = open(stage.sshd.port, '127.0.0.1', () => {
          client.write('HTTP/1.1 200 OK\r\n\r\n')
          client.pipe(gateway).pipe(client)
        })
      })
      client.on('error', () => undefined)
    }).listen(0, '127.0.0.1')
    await once(tunnel, 'listening')
    const {port} = tunnel.address() as {port: number}
    writeFileSync(profiles, kept.replace('"provider"', `"ssh_proxy": "http://127.0.0.1:${port}", "provider"`))
    try {
      for (const way of WAYS) await answers(way)
      assert.deepEqual(
        asked,
        WAYS.map(() => `CONNECT 127.0.0.1:${stage.sshd.port} HTTP/1.1`),
      )
    } finally {
      writeFileSync(profiles, kept)
      tunnel.close()
    }
  })

  it('works at the first try with a certificate, where ssh waits for its connection', async () => {
    certify()
    await answers('handed over')
    assert.ok(existsSync(`${stage.host.identityFile}-cert.pub`))
    await forgetManagedPass(stage.state, stage.owner)
    await answers('handed over')
  })

  it('works with the certificate of before where the bytes are relayed, and at the second try with a new one', async () => {
    certify()
    const first = await stage.ssh([HOST, 'true'], {way: 'relayed'})
    assert.equal(first.status, 255)
    assert.match(first.stderr, /^runcode: A new certificate was taken while ssh held the one of before\./)
    await answers('relayed')
  })

  it('is refused by ssh where the gateway shows another key, and works with the pin of a new pass', async () => {
    await answers('handed over')
    await stage.sshd.changeHostKey()
    for (const way of WAYS)
      assert.match((await stage.ssh([HOST, 'true'], {way})).stderr, /Host key verification failed/)
    const hostKey = readFileSync(join(stage.sshd.folder, 'host_key.pub'), 'utf8')
    stage.refuse = () => stage.minted({known_hosts: `x ${hostKey}`})
    await forgetManagedPass(stage.state, stage.owner)
    await answers('relayed')
    assert.equal(readFileSync(stage.host.knownHostsFile, 'utf8').split(' ')[0], 'runcode-fake-41')
  })

  it('is told that its entry is stale where the workspace has another user now', async () => {
    stage.refuse = () => stage.minted({user: 'wide-lake'})
    for (const way of WAYS) {
      const line = `runcode: The entry of this host in the ssh config says user "${stage.sshd.user}", but the workspace has "wide-lake" now. Write the entries anew with config-ssh.`
      assert.equal(await refused(way), line)
    }
  })

  /** Lets nobody in but by a certificate for a new pair. */
  const certify = (): void => {
    rmSync(stage.host.identityFile, {force: true})
    stage.refuse = () => {
      const certificate = stage.sshd.certify(publicKey().trim(), '-n', stage.sshd.user, '-V', '-1m:+30m').trim()
      return stage.minted({credential: {type: 'certificate', certificate}})
    }
  }
})
