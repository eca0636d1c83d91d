import assert from 'node:assert/strict'
import {readdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {deadlineIn} from '../../src/core/deadline.ts'
import {createCarrier} from '../../src/forward/carrier.ts'
import {chooseEntrances, enter, listenerText, removeDeadEntrances, removeEntrances} from '../../src/forward/entrance.ts'
import {type Forwarder, refusalIn, startForwarder} from '../../src/openssh/forwarder.ts'
import type {Session} from '../../src/session/session.ts'
import {directSessions, type SessionMaker} from '../support/direct-session.ts'
import {type Forwarding, shout, startShouter, watchForwarding} from '../support/forwarding.ts'
import {killSessions} from '../support/kill-sessions.ts'
import {type RealSshd, startRealSshd} from '../support/real-sshd.ts'
import {startSlowRelay} from '../support/slow-relay.ts'
import {needSshd, type SshdWorkspace, startSshdWorkspace} from '../support/sshd-workspace.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'
import {until} from '../support/until.ts'

const NEVER = new AbortController().signal

describe('an ssh that forwards, against a real sshd', function () {
  this.timeout(30_000)
  const folder = temporaryFolder()
  const forwarders: Forwarder[] = []
  let sshd: RealSshd
  let sessions: SessionMaker
  let service: Awaited<ReturnType<typeof startShouter>>

  before(async function () {
    needSshd(this)
    sshd = await startRealSshd()
    sessions = directSessions(sshd)
    service = await startShouter()
  })
  afterEach(() => {
    for (const forwarder of forwarders.splice(0)) forwarder.end()
  })
  after(async () => {
    service?.close()
    sessions?.remove()
    await sshd?.stop()
  })

  const start = async (
    session: Session,
    forwards: readonly string[],
    onRefused: (reason: string) => void = () => undefined,
  ): Promise<Forwarder> => {
    const {configFile, alias, host} = session
    const onLine = (line: string): void => {
      const reason = refusalIn(line)
      if (reason !== undefined) onRefused(reason)
    }
    const words = forwards.flatMap((one) => ['-L', one])
    const options = {configFile, alias, host, folder: session.folder, env: process.env, route: []}
    const forwarder = await startForwarder({...options, forwards: words, onLine}, deadlineIn(10_000, NEVER))
    forwarders.push(forwarder)
    return forwarder
  }

  for (const [what, folders] of [
    ['a socket of ours alone', () => [folder.path]],
    // As on Windows, which has no such sockets.
    ['a port of loopback', () => []],
    ['a socket whose path has what ssh reads in paths', () => [join(folder.path, 'a:b %h')]],
  ] as const) {
    it(`carries each direction to its own end through ${what}`, async () => {
      const [entrance] = await chooseEntrances(1, folders(), 'key')
      assert.ok(entrance !== undefined)
      await start(sessions.make(sshd.port), [`${listenerText(entrance)}:localhost:${service.port}`])
      const socket = await enter(entrance)
      socket?.end('words')
      let said = ''
      for await (const chunk of socket ?? []) said += chunk
      assert.equal(said, 'WORDS')
    })
  }

  it('tells what the far side did not connect', async () => {
    const refusals: string[] = []
    const [entrance = {port: 0}] = await chooseEntrances(1, [folder.path], 'key')
    await start(sessions.make(sshd.port), [`${listenerText(entrance)}:localhost:1`], (reason) => refusals.push(reason))
    const socket = await enter(entrance)
    for await (const _ of socket ?? []) assert.fail('Nobody should say anything.')
    await until(
      () => refusals.length === 1,
      () => refusals.join(),
    )
    assert.equal(refusals[0], 'connect failed: Connection refused')
  })

  it('never goes over a master, nor becomes one', async () => {
    const session = sessions.make(sshd.port)
    const [entrance = {port: 0}] = await chooseEntrances(1, [folder.path], 'key')
    await start(session, [`${listenerText(entrance)}:localhost:${service.port}`])
    assert.deepEqual(
      readdirSync(session.folder).filter((name) => /socket/.test(name)),
      [],
    )
  })

  it('leaves no socket: those of the dead are removed, those of the living stay', async () => {
    const entrances = await chooseEntrances(2, [folder.path], 'key')
    const [entrance = {port: 0}] = entrances
    for (const [at, one] of entrances.entries()) if ('path' in one) writeFileSync(one.path, String(at))
    const [, name = ''] = 'path' in entrance ? (/([^/]+)\.\d+\.\d+$/.exec(entrance.path) ?? []) : []
    for (const other of [name, `${name}.${2 ** 30}`]) writeFileSync(join(folder.path, other), '')
    writeFileSync(join(folder.path, `${name}.${2 ** 30}.0`), '')
    await removeDeadEntrances(entrance)
    assert.deepEqual(readdirSync(folder.path).length, 4)
    await removeEntrances(entrances)
    assert.deepEqual(readdirSync(folder.path).toSorted(), [name, `${name}.${2 ** 30}`])
  })

  it('refuses another host key than the pinned one', async () => {
    const other = await startRealSshd()
    try {
      await assert.rejects(start(sessions.make(other.port), ['127.0.0.1:1:localhost:1']), {code: 'host_key_changed'})
    } finally {
      await other.stop()
    }
  })

  it('fails where it cannot listen', async () => {
    await assert.rejects(
      async () => {
        const {gone} = await start(sessions.make(sshd.port), [`/proc/nowhere:localhost:1`])
        // It is let in before it listens.
        throw Object.assign(new Error(await gone), {code: 'connection_failed'})
      },
      {code: 'connection_failed'},
    )
  })

  it('is known to be gone where the line is cut, with what it said last', async () => {
    const relay = await startSlowRelay(sshd.port, 0)
    const [entrance = {port: 0}] = await chooseEntrances(1, [folder.path], 'key')
    const forwarder = await start(sessions.make(relay.port), [`${listenerText(entrance)}:localhost:${service.port}`])
    const carrier = createCarrier(forwarder, [entrance])
    assert.equal(carrier.isOpen(), true)
    relay.cut()
    const {reason, said} = (await carrier.gone) ?? {}
    assert.match(String(reason), /closed|reset|broken pipe/i)
    assert.match(String(said), /^Authenticated to .*\r?\n(?:.*\n)*.*(?:closed|reset|broken pipe)/i)
    assert.deepEqual([forwarder.isGone(), carrier.isOpen()], [true, false])
  })
})

describe('port-forward, against a real sshd', function () {
  this.timeout(30_000)
  let workspace: SshdWorkspace
  let service: Awaited<ReturnType<typeof startShouter>>
  let mints = 0
  let passSeconds = 60
  let forwarding: Forwarding

  before(async function () {
    needSshd(this)
    workspace = await startSshdWorkspace()
    service = await startShouter()
    const {sshd, plane, bundle} = workspace
    // Of so short a pass no new connection is begun with: each needs another one.
    plane.on('POST', '/api/rc/workspace/41/ssh-session', ({body}) => {
      mints += 1
      sshd.admit((body as {public_key: string}).public_key)
      const expires_at = new Date(Date.now() + passSeconds * 1000).toISOString()
      const data = {expires_at, credential: {type: 'key', certificate: null}, ...bundle}
      return {status: 200, body: {error: false, bundle: data}}
    })
    forwarding = watchForwarding(
      workspace.start(['port-forward', '--json', '-w', 'calm-reed', `0:${service.port}`], {}),
    )
  })
  after(async () => {
    await forwarding?.end('SIGINT')
    service?.close()
    await workspace?.remove()
  })

  /** Cuts the connection, and waits until that is told. */
  const lose = async (): Promise<void> => {
    const losses = forwarding.events.filter(({event}) => event === 'lost').length
    killSessions(workspace.sshd)
    const event = await forwarding.heard('lost', losses + 1)
    assert.ok(!('ssh_said' in event), 'nobody asked for the words of ssh')
  }

  it('takes a pass when it begins, and another only for a connection that needs it', async () => {
    const {local} = await forwarding.heard('ready')
    const words = 'a'.repeat(3_000_000)
    assert.equal(await shout(local, words), words.toUpperCase())
    assert.equal(mints, 1)
    await lose()
    assert.equal(mints, 1)
    assert.equal(await shout(local, 'again'), 'AGAIN')
    assert.equal(mints, 2)
    await forwarding.heard('restored')
  })

  it('takes another pass where the gateway has forgotten the key of a good one', async () => {
    passSeconds = 1800
    const {local} = await forwarding.heard('ready')
    await lose()
    assert.equal(await shout(local, 'a good pass'), 'A GOOD PASS')
    const before = mints
    writeFileSync(join(workspace.sshd.folder, 'authorized_keys'), '')
    await lose()
    assert.equal(await shout(local, 'forgotten'), 'FORGOTTEN')
    assert.equal(mints, before + 1)
  })
})
