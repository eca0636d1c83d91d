import assert from 'node:assert/strict'
import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {type AddressInfo, connect, createServer, type Server, type Socket} from 'node:net'
import type {ClientChannel} from 'ssh2'
import {parseSocketTarget, parseTcpTarget} from '../../../src/server/gateway/serve-forward.ts'
import {MAX_CHANNELS} from '../../../src/server/limits.ts'
import {BRAVE, type GatewayFixture, openGateway, until} from './gateway-fixture.ts'

const readAll = async (socket: Socket): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of socket.iterator({destroyOnReturn: false})) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('forwards through the gateway', () => {
  let fixture: GatewayFixture
  const servers: Server[] = []
  before(async () => {
    fixture = await openGateway()
  })
  after(async () => {
    for (const server of servers) server.close()
    await fixture.close()
  })

  /** A server that talks with each connection in its own way. */
  const serve = async (talk: (socket: Socket) => void, path?: string): Promise<number> => {
    const server = createServer({allowHalfOpen: true}, (socket) => {
      socket.on('error', () => undefined)
      talk(socket)
    })
    servers.push(server)
    if (path === undefined) server.listen(0, '127.0.0.1')
    else server.listen(path)
    await once(server, 'listening')
    return path === undefined ? (server.address() as AddressInfo).port : 0
  }
  const echo = (socket: Socket): void => {
    socket.pipe(socket)
  }
  /** Starts `ssh -N -L` from a free port to a target, and gives the port when it listens. */
  const listen = async (target: string): Promise<number> => {
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const {port} = free.address() as AddressInfo
    await new Promise((resolve) => free.close(resolve))
    fixture.startSsh(fixture.sshArgs(['-N', '-L', `127.0.0.1:${port}:${target}`]))
    await until('ssh -L listens', async () => {
      const probe = connect(port, '127.0.0.1')
      const isUp = await new Promise<boolean>((resolve) =>
        probe.once('connect', () => resolve(true)).once('error', () => resolve(false)),
      )
      probe.destroy()
      return isUp
    })
    return port
  }
  const dial = (port: number): Socket => connect({port, host: '127.0.0.1', allowHalfOpen: true})

  for (const [what, place] of [
    ['TCP port', undefined],
    ['Unix socket', 'echo.sock'],
  ] as const) {
    it(`to a ${what} carry 8 MiB both ways byte for byte, and both ends`, async () => {
      const path = place === undefined ? undefined : fixture.path(place)
      const targetPort = await serve(echo, path)
      const socket = dial(await listen(path ?? `127.0.0.1:${targetPort}`))
      const bytes = randomBytes(8 << 20)
      socket.end(bytes)
      assert.equal((await readAll(socket)).equals(bytes), true)
      socket.destroy()
    })
  }

  it('go on in one direction when the other has ended', async () => {
    const received: Buffer[] = []
    const port = await serve((socket) => {
      socket.end('bye')
      socket.on('data', (chunk) => received.push(chunk))
    })
    const socket = dial(await listen(`127.0.0.1:${port}`))
    assert.equal((await readAll(socket)).toString(), 'bye')
    const bytes = randomBytes(3 << 20)
    socket.end(bytes)
    await until('all has arrived', () => Buffer.concat(received).length === bytes.length)
    assert.equal(Buffer.concat(received).equals(bytes), true)
    socket.destroy()
  })

  it('of stdin and stdout (ssh -W) carry both', async () => {
    const port = await serve(echo)
    const {stdout, ending} = await fixture.ssh(fixture.sshArgs(['-W', `127.0.0.1:${port}`]), 'through')
    assert.deepEqual([stdout.toString(), ending], ['through', {kind: 'exited', code: 0}])
  })

  it('to a port where nobody listens fail, and the connection lives', async () => {
    const {ending, stderr} = await fixture.ssh(fixture.sshArgs(['-W', '127.0.0.1:1']))
    assert.deepEqual([stderr, ending], ['stdio forwarding failed\r\n', {kind: 'exited', code: 255}])
    const client = await fixture.connect()
    const refusal = await new Promise((resolve) => client.forwardOut('127.0.0.1', 0, '127.0.0.1', 1, resolve))
    assert.equal((refusal as {reason?: unknown}).reason, 2)
    const channel = await new Promise((resolve, reject) =>
      client.exec('true', (error, opened) => (error ? reject(error) : resolve(opened.resume()))),
    )
    assert.notEqual(channel, undefined)
  })

  it('hold back a sender whose target does not read', async () => {
    let target: Socket | undefined
    const port = await serve((socket) => {
      target = socket.pause()
    })
    const socket = dial(await listen(`127.0.0.1:${port}`))
    const before = process.memoryUsage().rss
    const chunk = Buffer.alloc(1 << 20)
    // 256 MiB where all of it is taken.
    for (let i = 0; i < 256 && socket.write(chunk); i += 1);
    for (let i = 0; i < 20; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      while (socket.writableLength < chunk.length && socket.bytesWritten < 256 << 20) socket.write(chunk)
    }
    assert.equal(socket.bytesWritten < 64 << 20, true, `took ${socket.bytesWritten} bytes`)
    assert.equal(process.memoryUsage().rss - before < 96 << 20, true)
    socket.destroy()
    target?.destroy()
  })

  it(`are ${MAX_CHANNELS} at once in one connection, and a new one takes the place of one that closed`, async () => {
    const port = await serve((socket) => {
      socket.resume().on('end', () => socket.end())
    })
    const client = await fixture.connect()
    const open = (): Promise<ClientChannel | undefined> =>
      new Promise((resolve) =>
        client.forwardOut('127.0.0.1', 0, '127.0.0.1', port, (_error, channel) => resolve(channel)),
      )
    const channels = await Promise.all(Array.from({length: MAX_CHANNELS + 1}, open))
    assert.equal(channels.filter((channel) => channel === undefined).length, 1)
    channels[0]?.resume().end()
    await until('another one opens', async () => (await open()) !== undefined)
  })

  it('end with the connection', async () => {
    const sockets: Socket[] = []
    const port = await serve((socket) => {
      sockets.push(socket.resume())
    })
    const socket = dial(await listen(`127.0.0.1:${port}`))
    await until('the target is connected', () => sockets.length > 0)
    await fixture.gateway.disconnect(BRAVE.id)
    await until('the target has seen the end', () => sockets.every((each) => each.readableEnded))
    socket.destroy()
  })

  it('go to hosts and absolute paths only', () => {
    assert.deepEqual(parseTcpTarget({destIP: 'localhost', destPort: 80}), {host: 'localhost', port: 80})
    assert.deepEqual(parseTcpTarget({destIP: '::1', destPort: 80}), {host: '::1', port: 80})
    assert.deepEqual(parseSocketTarget({socketPath: '/run/x.sock'}), {path: '/run/x.sock'})
    for (const target of [
      {destIP: '', destPort: 80},
      {destIP: '-x', destPort: 80},
      {destIP: 'a b', destPort: 80},
      {destIP: 'a', destPort: 0},
    ]) {
      assert.equal(parseTcpTarget(target), undefined)
    }
    for (const socketPath of ['', 'run/x.sock', '/a\0b', `/${'x'.repeat(120)}`])
      assert.equal(parseSocketTarget({socketPath}), undefined)
  })
})
