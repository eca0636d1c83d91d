import assert from 'node:assert/strict'
import {once} from 'node:events'
import {connect, createServer, type Server, type Socket} from 'node:net'
import {relay} from '../../src/forward/relay.ts'
import {until} from '../support/until.ts'

const BIG = 64 << 20

/** Both ends of a TCP connection on loopback. */
const pair = async (servers: Server[]): Promise<{near: Socket; far: Socket}> => {
  const server = createServer({allowHalfOpen: true})
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  const near = connect({port: (server.address() as {port: number}).port, host: '127.0.0.1', allowHalfOpen: true})
  const [far] = (await once(server, 'connection')) as [Socket]
  return {near, far}
}

const textOf = async (socket: Socket): Promise<string> => {
  let text = ''
  for await (const chunk of socket.setEncoding('utf8').iterator({destroyOnReturn: false})) text += chunk
  return text
}

describe('a relayed connection', () => {
  const servers: Server[] = []
  const sockets: Socket[] = []
  let client: Socket
  let service: Socket
  let isWhole = true
  let relayed: ReturnType<typeof relay>

  beforeEach(async () => {
    isWhole = true
    const [one, two] = [await pair(servers), await pair(servers)]
    client = one.near
    service = two.near
    sockets.push(one.near, one.far, two.near, two.far)
    for (const socket of [client, service]) socket.on('error', () => undefined)
    relayed = relay(one.far, two.far, async () => isWhole)
  })
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
    for (const server of servers.splice(0)) server.close()
  })

  const isBroken = async (): Promise<void> => {
    service.write('half an ans')
    // Node 20 takes a reset that comes with bytes for an end.
    await once(client, 'data')
    service.end()
    client.once('end', () => assert.fail('It ended as if it were whole.'))
    const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ECONNRESET')
  }

  it('ends each direction by itself: a client that has said all still hears the answer', async () => {
    client.end('question')
    assert.equal(await textOf(service), 'question')
    service.end('answer')
    assert.equal(await textOf(client), 'answer')
    assert.deepEqual(await relayed, {wasAnswered: true})
  })

  it('ends each direction by itself: a service that has said all still hears the client', async () => {
    service.end('hello')
    assert.equal(await textOf(client), 'hello')
    client.end('and more')
    assert.equal(await textOf(service), 'and more')
    assert.deepEqual(await relayed, {wasAnswered: true})
  })

  it('is broken for the client where what carries it broke, and not ended', async () => {
    isWhole = false
    await isBroken()
  })

  it('is broken for the client also where the client had said all', async () => {
    isWhole = false
    client.end()
    await once(service.resume(), 'end')
    await isBroken()
  })

  it('is ended for the service when the client breaks it', async () => {
    client.write('x')
    await once(service, 'data')
    client.resetAndDestroy()
    await once(service, 'end')
    assert.deepEqual(await relayed, {wasAnswered: false})
  })

  for (const [who, from, to] of [
    ['client', () => client, () => service],
    ['service', () => service, () => client],
  ] as const) {
    it(`holds little of what the ${who} says and nobody reads, and brings all of it later`, async () => {
      to().pause()
      const before = process.memoryUsage().rss
      let sent = 0
      const chunk = Buffer.alloc(1 << 20, who)
      const say = (): void => {
        while (sent < BIG && !from().destroyed) {
          sent += chunk.length
          if (!from().write(chunk)) return void from().once('drain', say)
        }
        from().end()
      }
      say()
      let last = -1
      // Nothing moves any more: all buffers on the way are full.
      await until(
        () => {
          const isStill = last === from().bytesWritten - from().writableLength
          last = from().bytesWritten - from().writableLength
          return isStill && sent > 0
        },
        () => 'It never stood still.',
      )
      assert.ok(sent < BIG / 2, `${sent} bytes were taken`)
      assert.ok(process.memoryUsage().rss - before < 40 << 20)
      let received = 0
      for await (const piece of to()) received += piece.length
      assert.equal(received, BIG)
    })
  }
})
