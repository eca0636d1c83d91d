import assert from 'node:assert/strict'
import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {type AddressInfo, connect, createServer, type Server, type Socket} from 'node:net'
import type {AcceptConnection, Client, ClientChannel, TcpConnectionDetails} from 'ssh2'
import {systemCode} from '../../../src/core/errors.ts'
import {parseListenTarget} from '../../../src/server/gateway/serve-reverse.ts'
import {MAX_CHANNELS, MAX_LISTENERS} from '../../../src/server/limits.ts'
import {freePort} from '../../support/free-port.ts'
import {BRAVE, type GatewayFixture, openGateway, until} from './gateway-fixture.ts'

describe('ports that lead to a client (ssh -R)', () => {
  let fixture: GatewayFixture
  const servers: Server[] = []
  before(async () => {
    fixture = await openGateway()
  })
  after(async () => {
    for (const server of servers) server.close()
    await fixture.close()
  })

  const listenHere = async (talk: (socket: Socket) => void): Promise<number> => {
    const server = createServer({allowHalfOpen: true}, (socket) => {
      socket.on('error', () => undefined)
      talk(socket)
    }).listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  /** What a client is answered; the port that was chosen where it left that to the gateway. */
  const ask = (client: Client, port: number, address = 'localhost'): Promise<number | 'refused'> =>
    new Promise((resolve) =>
      client.forwardIn(address, port, (error, chosen) => resolve(error ? 'refused' : chosen || port)),
    )
  const cancel = (client: Client, port: number): Promise<boolean> =>
    new Promise((resolve) => client.unforwardIn('localhost', port, (error) => resolve(error === undefined)))
  const dial = (port: number, host = '127.0.0.1'): Socket => {
    const socket = connect({port, host, allowHalfOpen: true})
    socket.on('error', () => undefined)
    return socket
  }
  const isOpen = async (port: number, host = '127.0.0.1'): Promise<boolean> => {
    const socket = dial(port, host)
    const answer = await new Promise<boolean>((resolve) =>
      socket
        .once('connect', () => resolve(true))
        // One that is accepted may be broken before its connect is heard of.
        .once('error', (error) => resolve(systemCode(error) !== 'ECONNREFUSED')),
    )
    socket.destroy()
    return answer
  }
  const closeOf = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve))
  const closes = (port: number): Promise<void> => until('the port is closed', async () => !(await isOpen(port)))
  const readAll = async (socket: Socket): Promise<Buffer> => {
    const chunks: Buffer[] = []
    for await (const chunk of socket.iterator({destroyOnReturn: false})) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  it('carry 4 MiB both ways byte for byte, and both ends, on both loopbacks', async () => {
    const target = await listenHere((socket) => socket.pipe(socket))
    const port = await freePort()
    fixture.startSsh(fixture.sshArgs(['-N', '-R', `${port}:127.0.0.1:${target}`]))
    await until('the gateway listens', () => isOpen(port))
    for (const host of ['127.0.0.1', '::1']) {
      const socket = dial(port, host)
      const bytes = randomBytes(4 << 20)
      socket.end(bytes)
      assert.equal((await readAll(socket)).equals(bytes), true)
    }
  })

  it('go on in one direction when the other has ended', async () => {
    const received: Buffer[] = []
    const target = await listenHere((socket) => {
      socket.end('bye')
      socket.on('data', (chunk) => received.push(chunk))
    })
    const port = await freePort()
    fixture.startSsh(fixture.sshArgs(['-N', '-R', `127.0.0.1:${port}:127.0.0.1:${target}`]))
    await until('the gateway listens', () => isOpen(port))
    const socket = dial(port)
    assert.equal((await readAll(socket)).toString(), 'bye')
    const bytes = randomBytes(1 << 20)
    socket.end(bytes)
    await until('all has arrived', () => Buffer.concat(received).length === bytes.length)
    assert.equal(Buffer.concat(received).equals(bytes), true)
  })

  it('are opened on loopback only, and from 1024 on', () => {
    const both = ['127.0.0.1', '::1']
    assert.deepEqual(parseListenTarget({bindAddr: 'localhost', bindPort: 1024}), both)
    assert.deepEqual(parseListenTarget({bindAddr: 'localhost', bindPort: 0}), both)
    assert.deepEqual(parseListenTarget({bindAddr: '::1', bindPort: 65_535}), ['::1'])
    for (const bindAddr of ['', '*', '0.0.0.0', '::', '127.0.0.2', '10.0.0.1', 'LOCALHOST', 'constructor', '__proto__'])
      assert.equal(parseListenTarget({bindAddr, bindPort: 3000}), undefined, bindAddr)
    for (const bindPort of [1, 80, 1023, 65_536, 2 ** 32 - 1])
      assert.equal(parseListenTarget({bindAddr: 'localhost', bindPort}), undefined, String(bindPort))
  })

  it('are answered in the order in which they were asked for, with others in between', async () => {
    const client = await fixture.connect()
    const free = await freePort()
    assert.deepEqual(
      await Promise.all([ask(client, free), ask(client, 80), cancel(client, free), cancel(client, free)]),
      [free, 'refused', true, false],
    )
    await closes(free)
  })

  it('may be left to the gateway to choose, which tells the port, and are taken back by it', async () => {
    const client = await fixture.connect()
    const port = await ask(client, 0)
    assert.ok(typeof port === 'number' && port >= 1024)
    assert.deepEqual([await isOpen(port), await isOpen(port, '::1')], [true, true])
    assert.equal(await cancel(client, port), true)
    await closes(port)
  })

  it('are refused where somebody listens, on either loopback, and the other is free then', async () => {
    const client = await fixture.connect()
    const port = await freePort()
    const other = createServer().listen({port, host: '::1', ipv6Only: true})
    servers.push(other)
    await once(other, 'listening')
    assert.equal(await ask(client, port), 'refused')
    assert.equal(await isOpen(port), false)
    assert.equal(await ask(client, await listenHere(() => undefined)), 'refused')
  })

  it(`are ${MAX_LISTENERS} of one connection`, async () => {
    const client = await fixture.connect()
    const ports = await Promise.all(Array.from({length: MAX_LISTENERS + 1}, () => ask(client, 0)))
    assert.deepEqual(
      ports.map((port) => port === 'refused'),
      [...Array.from({length: MAX_LISTENERS}, () => false), true],
    )
    assert.equal(await cancel(client, Number(ports[0])), true)
    assert.notEqual(await ask(client, 0), 'refused')
  })

  it('are closed with the connection, and what came through them with it', async () => {
    const client = await fixture.connect()
    const port = await ask(client, 0)
    let channel: ClientChannel | undefined
    client.on('tcp connection', (_details, accept) => {
      channel = accept()
    })
    const socket = dial(Number(port)).resume()
    await until('it was carried', () => channel !== undefined)
    const isClosed = closeOf(socket)
    await fixture.gateway.disconnect(BRAVE.id)
    socket.end()
    await isClosed
    await closes(Number(port))
  })

  it('are opened no more when the pass has ended, on a connection that goes on', async () => {
    const client = await fixture.connect()
    const open = await ask(client, 0)
    const entrance = fixture.admitted.get(BRAVE.title)
    assert.ok(entrance !== undefined)
    const {publicKeys} = entrance
    entrance.publicKeys = []
    try {
      assert.equal(await ask(client, 0), 'refused')
      assert.equal(await isOpen(Number(open)), true)
    } finally {
      entrance.publicKeys = publicKeys
    }
    assert.notEqual(await ask(client, 0), 'refused')
  })

  it('carry nothing more when the workspace runs no longer', async () => {
    const client = await fixture.connect()
    const port = await ask(client, 0)
    client.on('tcp connection', () => assert.fail('It was carried.'))
    const entrance = fixture.admitted.get(BRAVE.title)
    assert.ok(entrance !== undefined)
    fixture.admitted.delete(BRAVE.title)
    try {
      await closeOf(dial(Number(port)).resume())
    } finally {
      fixture.admitted.set(BRAVE.title, entrance)
    }
  })

  it(`carry ${MAX_CHANNELS} connections at once, those that the client never answers among them`, async () => {
    const client = await fixture.connect()
    const port = await ask(client, 0)
    const pending: AcceptConnection<ClientChannel>[] = []
    client.on('tcp connection', (_details: TcpConnectionDetails, accept) => pending.push(accept))
    const sockets = Array.from({length: MAX_CHANNELS + 5}, () => dial(Number(port)).resume())
    let broken = 0
    for (const socket of sockets)
      socket.once('close', () => {
        broken += 1
      })
    await until('the others are broken', () => broken === 5)
    assert.equal(pending.length, MAX_CHANNELS)
    for (const socket of sockets) socket.destroy()
    assert.equal(await execOf(client), 'refused')
    pending[0]?.().end()
    await until('there is room again', async () => (await execOf(client)) === 'done')
  })

  it('cost nothing where a client takes packets of no size', async () => {
    const client = await fixture.connect()
    const port = await ask(client, 0)
    const {_protocol: protocol} = client as unknown as {
      _protocol: {channelOpenConfirm(remote: number, local: number, window: number, packet: number): void}
    }
    const confirm = protocol.channelOpenConfirm.bind(protocol)
    protocol.channelOpenConfirm = (remote, local, window) => confirm(remote, local, window, 1)
    client.on('tcp connection', (_details, accept) => accept())
    const socket = dial(Number(port)).resume()
    socket.write('words')
    await closeOf(socket)
    assert.equal(await isOpen(Number(port)), true)
  })
})

const execOf = (client: Client): Promise<'refused' | 'done'> =>
  new Promise((resolve) =>
    client.exec('true', (error, channel) => {
      channel?.resume()
      resolve(error ? 'refused' : 'done')
    }),
  )
