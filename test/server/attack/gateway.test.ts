import assert from 'node:assert/strict'
import {once} from 'node:events'
import {connect, type Socket} from 'node:net'
import ssh2 from 'ssh2'
import {
  MAX_CHANNELS,
  MAX_CONNECTIONS_PER_TOKEN,
  MAX_STRANGER_MESSAGES,
  MAX_STRANGERS,
} from '../../../src/server/limits.ts'
import {type AttackedServer, attackedServer, type Pass, until} from './attacked-server.ts'
import {message, type RawPeer, rawClient, rawStranger, SSH} from './raw-ssh.ts'

describe('a gateway under attack', function () {
  this.timeout(60_000)
  let server: AttackedServer
  let workspaceId: number
  let pass: Pass
  before(async () => {
    server = await attackedServer()
    workspaceId = await server.runningWorkspace('calm-reed')
    pass = await server.mint(workspaceId)
  })
  after(() => server.remove())

  const isClosed = (socket: Socket): Promise<unknown> => until('it is cut off', () => socket.closed)
  const stranger = (): Promise<RawPeer> => rawStranger(server.facts.gatewayPort)

  describe('by somebody who has shown no key', () => {
    for (const [what, payload] of Object.entries({
      'asks for the host keys to be read': message(
        SSH.GLOBAL_REQUEST,
        'hostkeys-00@openssh.com',
        false,
        Buffer.alloc(32_000),
      ),
      'wants an answer to a global request': message(SSH.GLOBAL_REQUEST, 'x', true),
      'opens a channel': message(SSH.CHANNEL_OPEN, 'session', 0, 1 << 20, 1 << 15),
      'sends a message that there is not': message(200),
    }))
      it(`cuts off who ${what}`, async () => {
        const {socket, send} = await stranger()
        send(payload)
        await isClosed(socket)
      })

    it('cuts off who begins a second key exchange', async () => {
      const {socket, rekey} = await stranger()
      rekey()
      await isClosed(socket)
    })

    it(`keeps ${MAX_STRANGERS} that have exchanged keys besides, and gives the place of the oldest to one more`, async () => {
      const oldest = await stranger()
      const others: RawPeer[] = []
      for (let i = 1; i < MAX_STRANGERS; i += 1) others.push(await stranger())
      const silent = Array.from({length: MAX_STRANGERS}, () => connect(server.facts.gatewayPort, '127.0.0.1'))
      await Promise.all(silent.map((socket) => once(socket, 'data')))
      assert.equal(oldest.socket.closed, false)
      await server.serveAGoodUser(workspaceId)
      await isClosed(oldest.socket)
      assert.deepEqual(others.filter(({socket}) => socket.closed).length, 0)
      for (const socket of [...silent, ...others.map(({socket}) => socket)]) socket.destroy()
    })

    it(`cuts off who sends more than ${MAX_STRANGER_MESSAGES} messages, of whatever kind`, async () => {
      const {socket, send} = await stranger()
      for (let i = 0; i < MAX_STRANGER_MESSAGES; i += 1) send(message(SSH.IGNORE, 'x'))
      await server.serveAGoodUser(workspaceId)
      assert.equal(socket.closed, false)
      send(message(SSH.IGNORE, 'x'))
      await isClosed(socket)
    })

    it('exchanges keys by no method that costs it much', async () => {
      const client = new ssh2.Client()
      const failure = new Promise<Error & {level?: string}>((resolve) => client.once('error', resolve))
      const kex: ssh2.KexAlgorithm[] = ['diffie-hellman-group18-sha512', 'diffie-hellman-group14-sha256']
      client.connect({host: '127.0.0.1', port: server.facts.gatewayPort, username: 'x', algorithms: {kex}})
      assert.equal((await failure).level, 'handshake')
    })
  })

  describe('by somebody who was let in', () => {
    const letIn = async (): Promise<RawPeer> => rawClient(await server.enter(pass))

    for (const sizeBytes of [0, 1, 255])
      it(`opens no channel for packets of ${sizeBytes} bytes`, async () => {
        const client = await server.enter(pass)
        const refused = new Promise((resolve) => {
          const CHANNEL_OPEN_FAILURE = (_: unknown, recipient: number): void => resolve(recipient)
          const {send} = rawClient(client, {CHANNEL_OPEN_FAILURE})
          send(message(SSH.CHANNEL_OPEN, 'session', 7, 1 << 20, sizeBytes))
          send(message(SSH.CHANNEL_REQUEST, 0, 'exec', false, 'echo x'))
        })
        assert.equal(await refused, 7)
        client.end()
        await server.serveAGoodUser(workspaceId)
      })

    for (const [what, open] of Object.entries({
      sessions: (sender: number) => message(SSH.CHANNEL_OPEN, 'session', sender, 1 << 20, 1 << 15),
      forwards: (sender: number) =>
        message(SSH.CHANNEL_OPEN, 'direct-tcpip', sender, 1 << 20, 1 << 15, '127.0.0.1', server.facts.apiPort, '', 0),
    }))
      it(`opens ${MAX_CHANNELS} of 3,000 ${what}, and closes them with their connection`, async () => {
        const openFiles = server.openFiles()
        const client = await server.enter(pass)
        let [opened, refused] = [0, 0]
        const {socket, send} = rawClient(client, {
          CHANNEL_OPEN_CONFIRMATION: () => {
            opened += 1
          },
          CHANNEL_OPEN_FAILURE: () => {
            refused += 1
          },
        })
        for (let sender = 0; sender < 3000; sender += 1) send(open(sender))
        await until('all are answered', () => opened + refused === 3000)
        assert.equal(opened, MAX_CHANNELS)
        socket.destroy()
        await until('its descriptors are closed', () => server.openFiles() <= openFiles)
        await server.serveAGoodUser(workspaceId)
      })

    it('reads no host keys', async () => {
      const {socket, send} = await letIn()
      send(message(SSH.GLOBAL_REQUEST, 'hostkeys-00@openssh.com', false, Buffer.alloc(32_000)))
      await isClosed(socket)
    })

    it(`lets ${MAX_CONNECTIONS_PER_TOKEN} in by the keys of one token, and then still others`, async () => {
      const {body} = await server.ask('POST', '/api/server/tokens', {body: {name: 'greedy'}})
      const greedy = await server.mint(workspaceId, String(body['token']))
      const clients: ssh2.Client[] = []
      for (let i = 0; i < MAX_CONNECTIONS_PER_TOKEN; i += 1) clients.push(await server.enter(greedy))
      const one = await server.enter(greedy)
      await new Promise<void>((resolve) => one.once('close', () => resolve()))
      await server.serveAGoodUser(workspaceId)
      for (const client of clients) client.end()
    })
  })
})
