import assert from 'node:assert/strict'
import {lookup} from 'node:dns/promises'
import {writeFileSync} from 'node:fs'
import {type AddressInfo, createServer, type Server} from 'node:net'
import {join} from 'node:path'
import ssh2, {type Connection} from 'ssh2'
import {deadlineIn} from '../../src/core/deadline.ts'
import {localhostName} from '../../src/network/localhost.ts'
import type {Forwarder} from '../../src/openssh/forwarder.ts'
import {type ReversePorts, startReverseForwarder} from '../../src/openssh/reverse-forwarder.ts'
import {generateHostKey} from '../../src/server/gateway/host-key.ts'
import type {Session} from '../../src/session/session.ts'
import {directSessions, type SessionMaker} from '../support/direct-session.ts'
import {type Forwarding, shout, startShouter, watchForwarding} from '../support/forwarding.ts'
import {freePort} from '../support/free-port.ts'
import {killSessions} from '../support/kill-sessions.ts'
import {type RealSshd, startRealSshd} from '../support/real-sshd.ts'
import {needSshd, type SshdWorkspace, startSshdWorkspace} from '../support/sshd-workspace.ts'
import {until} from '../support/until.ts'

const NEVER = new AbortController().signal
const forwarders: Forwarder[] = []

const start = async (
  {configFile, alias, host, folder}: Session,
  port: ReversePorts,
  onRefused: (reason: string) => void = () => undefined,
): Promise<Forwarder> => {
  const options = {configFile, alias, host, folder, env: process.env, route: [], target: await localhostName()}
  const forwarder = await startReverseForwarder({...options, port, onRefused}, deadlineIn(10_000, NEVER))
  forwarders.push(forwarder)
  return forwarder
}

describe('an ssh that lets a port of a real sshd lead here', function () {
  this.timeout(30_000)
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

  it('carries each direction to its own end as soon as it is there', async () => {
    const remote = await freePort()
    await start(sessions.make(sshd.port), {local: service.port, remote})
    assert.equal(await shout(remote, 'words'), 'WORDS')
  })

  it('reaches a service on each address that this machine calls localhost', async () => {
    for (const {address: host} of await lookup('localhost', {all: true})) {
      const server = createServer((socket) => socket.end(host)).listen(0, host)
      await new Promise((resolve) => server.once('listening', resolve))
      const remote = await freePort()
      await start(sessions.make(sshd.port), {local: (server.address() as AddressInfo).port, remote})
      assert.equal(await shout(remote, ''), host)
      server.close()
    }
  })

  it('says so where the port of the workspace is in use', async () => {
    await assert.rejects(start(sessions.make(sshd.port), {local: 8080, remote: service.port}), {
      code: 'reverse_refused',
      message: `Port ${service.port} of the workspace cannot lead here: something listens on it there, or its gateway allows no reverse forwards.`,
    })
  })

  it('tells that nothing listens here', async () => {
    const [local, remote] = [await freePort(), await freePort()]
    const refusals: string[] = []
    await start(sessions.make(sshd.port), {local, remote}, (reason) => refusals.push(reason))
    await shout(remote, 'x').catch(() => undefined)
    await until(
      () => refusals.length > 0,
      () => 'Nothing was told.',
    )
    assert.deepEqual(refusals, [`nothing answers on port ${local} of this machine`])
  })

  for (const option of ['AllowTcpForwarding local', 'DisableForwarding yes']) {
    it(`says so where the gateway allows none (${option})`, async () => {
      const strict = await startRealSshd([option])
      const own = directSessions(strict)
      try {
        await assert.rejects(start(own.make(strict.port), {local: 8080, remote: await freePort()}), {
          code: 'reverse_refused',
          message: /its gateway allows that for no port, or not for one below 1024\.$/,
        })
      } finally {
        own.remove()
        await strict.stop()
      }
    })
  }
})

describe('port-forward --reverse, against a real sshd', function () {
  this.timeout(30_000)
  let workspace: SshdWorkspace
  let service: Awaited<ReturnType<typeof startShouter>>
  let forwarding: Forwarding

  before(async function () {
    needSshd(this)
    workspace = await startSshdWorkspace()
    service = await startShouter()
  })
  after(async () => {
    await forwarding?.end('SIGINT')
    service?.close()
    await workspace?.remove()
  })

  it('is there again by itself, with another pass, where the gateway has forgotten the key', async () => {
    const remote = await freePort()
    const words = ['port-forward', '--reverse', '--json', '-w', 'calm-reed', `${service.port}:${remote}`]
    forwarding = watchForwarding(workspace.start(words))
    await forwarding.heard('ready')
    const mints = (): number => workspace.plane.requests.filter(({path}) => path.endsWith('/ssh-session')).length
    const before = mints()
    writeFileSync(join(workspace.sshd.folder, 'authorized_keys'), '')
    killSessions(workspace.sshd)
    await forwarding.heard('lost')
    await forwarding.heard('restored')
    assert.equal(mints(), before + 1)
    assert.equal(await shout(remote, 'again'), 'AGAIN')
  })
})

describe('a hostile gateway that a port of ours was asked of', function () {
  this.timeout(30_000)
  let gateway: ssh2.Server
  let connection: Connection | undefined
  let sessions: SessionMaker
  let service: Awaited<ReturnType<typeof startShouter>>
  let canary: Server
  let visits = 0

  before(async () => {
    const hostKey = generateHostKey()
    gateway = new ssh2.Server({hostKeys: [hostKey.privateKey]}, (client) => {
      client.on('error', () => undefined)
      client.on('authentication', (context) => context.accept())
      client.on('request', (accept) => accept?.())
      client.on('ready', () => {
        connection = client
      })
    })
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve))
    sessions = directSessions({hostKey: hostKey.publicKey, user: 'someone', admit: () => undefined})
    service = await startShouter()
    canary = createServer((socket) => {
      visits += 1
      socket.destroy()
    })
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
  })
  after(() => {
    for (const forwarder of forwarders.splice(0)) forwarder.end()
    gateway.close()
    canary.close()
    service.close()
    sessions.remove()
  })

  it('reaches that port of this machine by it, and no other, no socket, no display and no agent', async () => {
    const {port: other} = canary.address() as AddressInfo
    const forwarder = await start(sessions.make((gateway.address() as AddressInfo).port), {
      local: service.port,
      remote: 3000,
    })
    await until(
      () => connection !== undefined,
      () => 'Nobody came.',
    )
    const client = connection as Connection
    const asked = (open: (answer: (error: Error | undefined, channel?: ssh2.ServerChannel) => void) => void) =>
      new Promise<string>((resolve) =>
        open((error, channel) => {
          channel?.destroy()
          resolve(error ? 'refused' : 'open')
        }),
      )
    const {_protocol: protocol, _chanMgr: channels} = client as unknown as Unpublished
    const raw = (send: (id: number) => void, isOfServers = false) =>
      asked((answer) => {
        const id = channels.add(Object.assign((error?: Error) => answer(error), {type: 'raw'}))
        // Some are what only a client may send.
        protocol._server = isOfServers
        send(id)
        protocol._server = true
      })
    assert.equal(await asked((answer) => client.forwardOut('localhost', 3000, '127.0.0.1', 1, answer)), 'open')
    const tries = {
      'another port that it says it listens on': asked((answer) =>
        client.forwardOut('localhost', other, '127.0.0.1', 1, answer),
      ),
      'the port here, as if it listened on that': asked((answer) =>
        client.forwardOut('localhost', service.port, '127.0.0.1', 1, answer),
      ),
      'no port': asked((answer) => client.forwardOut('localhost', 0, '127.0.0.1', 1, answer)),
      'another address': asked((answer) => client.forwardOut('10.0.0.1', 3000, '127.0.0.1', other, answer)),
      'a socket': asked((answer) => client.openssh_forwardOutStreamLocal('/var/run/docker.sock', answer)),
      'a display': asked((answer) => client.x11('127.0.0.1', 6000, answer)),
      'a connection straight away': raw((id) =>
        protocol.directTcpip(id, 1 << 20, 1 << 15, {srcIP: '', srcPort: 1, dstIP: '127.0.0.1', dstPort: other}),
      ),
      'a socket straight away': raw((id) =>
        protocol.openssh_directStreamLocal(id, 1 << 20, 1 << 15, {socketPath: '/var/run/docker.sock'}),
      ),
      'an agent': raw((id) => protocol.openssh_authAgent(id, 1 << 20, 1 << 15), true),
      'a session': raw((id) => protocol.session(id, 1 << 20, 1 << 15)),
    }
    for (const [what, answer] of Object.entries(tries)) assert.equal(await answer, 'refused', what)
    assert.deepEqual([visits, forwarder.isGone()], [0, false])
  })
})

/** What ssh2's server does not let its users do. */
interface Unpublished {
  readonly _protocol: {
    directTcpip(id: number, window: number, packet: number, to: object): void
    openssh_directStreamLocal(id: number, window: number, packet: number, to: object): void
    _server: boolean
    openssh_authAgent(id: number, window: number, packet: number): void
    session(id: number, window: number, packet: number): void
  }
  readonly _chanMgr: {add(onAnswer: (error?: Error) => void): number}
}
