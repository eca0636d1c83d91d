import assert from 'node:assert/strict'
import type {Socket} from 'node:net'
import type {Client, ClientChannel} from 'ssh2'
import {type GatewayFixture, openGateway, until} from './gateway-fixture.ts'

/** What ssh2's client does not let its users do. */
interface Unbound {
  readonly _sock: Socket
  readonly _protocol: {
    channelClose(id: number): void
    channelWindowAdjust(id: number, sizeBytes: number): void
    channelData(id: number, data: Buffer): void
    rekey(): void
    readonly _handlers: Record<'CHANNEL_CLOSE' | 'CHANNEL_OPEN_CONFIRMATION', (...facts: unknown[]) => void>
  }
}

const unbound = (client: Client): Unbound => client as unknown as Unbound

describe('a client that was let in', () => {
  let fixture: GatewayFixture
  before(async () => {
    fixture = await openGateway()
  })
  after(() => fixture.close())

  const execute = (client: Client, command: string): Promise<ClientChannel> =>
    new Promise((resolve, reject) =>
      client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel))),
    )
  const idOf = (channel: ClientChannel): number => (channel as unknown as {outgoing: {id: number}}).outgoing.id

  it('gets one CLOSE for a session that it closes unused, however often it closes that one', async () => {
    const client = await fixture.connect()
    const {_protocol: protocol} = unbound(client)
    const closes: unknown[] = []
    protocol._handlers.CHANNEL_CLOSE = (_sender, recipient) => closes.push(recipient)
    const confirm = protocol._handlers.CHANNEL_OPEN_CONFIRMATION
    protocol._handlers.CHANNEL_OPEN_CONFIRMATION = (_sender, info) => {
      protocol._handlers.CHANNEL_OPEN_CONFIRMATION = confirm
      const {sender} = info as {sender: number}
      for (let i = 0; i < 3; i += 1) protocol.channelClose(sender)
    }
    client.exec('true', () => undefined)
    await until('it was closed', () => closes.length > 0)
    // Requests are answered in their order, so what the other CLOSEs brought has come by then.
    await new Promise((resolve) => client.forwardOut('127.0.0.1', 0, '', 1, resolve))
    assert.deepEqual(closes, [0])
  })

  it('may send what the window of a channel allows, and is cut off where it sends more than that', async () => {
    const client = await fixture.connect()
    const channel = await execute(client, 'exec sleep 300')
    // The window is 2 MiB, and a process that reads nothing leaves it so: 1 MiB fits, 9 do not.
    const {_protocol: protocol} = unbound(client)
    let isClosed = false
    client.once('close', () => {
      isClosed = true
    })
    for (let i = 0; i < 32; i += 1) protocol.channelData(idOf(channel), Buffer.alloc(32 << 10))
    await new Promise((resolve) => client.forwardOut('127.0.0.1', 0, '', 1, resolve))
    assert.equal(isClosed, false)
    for (let i = 0; i < 256; i += 1) protocol.channelData(idOf(channel), Buffer.alloc(32 << 10))
    await until('the connection is closed', () => isClosed)
  })

  it('and asks for new keys without ever taking them is cut off after 10 s, and costs little memory until then', async function () {
    this.timeout(40_000)
    const client = await fixture.connect()
    const count = fixture.gateway.connectionCount()
    const channel = await execute(client, 'exec yes')
    const before = process.memoryUsage().rss
    const started = performance.now()
    const {_protocol: protocol, _sock: socket} = unbound(client)
    socket.pause()
    protocol.channelWindowAdjust(idOf(channel), 1 << 29)
    protocol.rekey()
    let grownBytes = 0
    await until('9.5 s are over', () => {
      grownBytes = Math.max(grownBytes, process.memoryUsage().rss - before)
      return performance.now() - started > 9500
    })
    assert.equal(fixture.gateway.connectionCount(), count)
    await until('it is cut off', () => fixture.gateway.connectionCount() < count)
    assert.equal(grownBytes < 64 << 20, true, `grew by ${grownBytes} bytes`)
    socket.destroy()
  })
})
