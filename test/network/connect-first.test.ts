import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {connect, createServer, type Server, type Socket} from 'node:net'
import fc from 'fast-check'
import {type Deadline, deadlineIn} from '../../src/core/deadline.ts'
import {addressesOf, connectFirst, inTurn} from '../../src/network/connect-first.ts'
import {skip} from '../support/skip.ts'

/** Loopback is 127.0.0.0/8 on Linux. */
const SILENT = '127.0.0.2'

describe('connectFirst()', () => {
  const open = new Set<Socket>()
  const servers: Server[] = []
  let port: number
  let silent: ChildProcess | undefined

  /** A server on this address and the port that all share. */
  const serve = async (address: string): Promise<Server> => {
    const server = createServer((socket) => {
      open.add(socket.on('error', () => undefined))
    })
    servers.push(server.listen(port, address))
    await once(server, 'listening')
    return server
  }
  const limit = (ms = 8000): Deadline => deadlineIn(ms, new AbortController().signal)
  /** Where a connection leads to, and after how long. */
  const first = async (addresses: readonly string[]): Promise<{to: string | undefined; tookMs: number}> => {
    const began = performance.now()
    const socket = await connectFirst(addresses, {port}, limit())
    open.add(socket)
    return {to: socket.remoteAddress, tookMs: performance.now() - began}
  }

  beforeEach(async () => {
    port = 0
    const server = await serve('127.0.0.1')
    port = (server.address() as {port: number}).port
  })
  afterEach(async () => {
    silent?.kill('SIGKILL')
    for (const socket of open) socket.destroy()
    open.clear()
    for (const server of servers.splice(0)) if (server.listening) await new Promise((resolve) => server.close(resolve))
  })

  it('leads to the living address where the other one refuses, whichever family that is', async () => {
    const [dead] = servers.splice(0)
    await serve('::1')
    await new Promise((resolve) => dead?.close(resolve))
    assert.equal((await first(['127.0.0.1', '::1'])).to, '::1')
    const {to, tookMs} = await first(['::1', '127.0.0.1'])
    assert.equal(to, '::1')
    assert.ok(tookMs < 250, `${tookMs} ms`)
  })

  it('tries the next address beside one that is silent, after 250 ms, and waits on for both', async function () {
    if (process.platform !== 'linux') skip(this, 'other systems have no second address of loopback')
    silent = await beSilent(port, open)
    const {to, tookMs} = await first([SILENT, '127.0.0.1'])
    assert.equal(to, '127.0.0.1')
    assert.ok(tookMs >= 240 && tookMs < 2000, `${tookMs} ms`)
    assert.equal((await first(['127.0.0.1', SILENT])).to, '127.0.0.1')
    // The silent one is not given up, so that the end is that of the deadline.
    const failure = connectFirst([SILENT, '127.0.0.3'], {port}, limit(600))
    await assert.rejects(failure, {name: 'AbortError'})
  })

  it('tells what failed at each address', async () => {
    const [dead] = servers.splice(0)
    await new Promise((resolve) => dead?.close(resolve))
    await assert.rejects(connectFirst(['::1', '127.0.0.1'], {port}, limit()), ({errors}: AggregateError) => {
      assert.deepEqual(
        errors.map(({message}: Error) => message),
        [`connect ECONNREFUSED ::1:${port}`, `connect ECONNREFUSED 127.0.0.1:${port}`],
      )
      return true
    })
  })

  it('leaves no other connection behind', async () => {
    const [server] = servers
    await serve('::1')
    await first(['127.0.0.1', '::1'])
    await new Promise((resolve) => setTimeout(resolve, 400))
    assert.equal(await new Promise((resolve) => server?.getConnections((_, count) => resolve(count))), 1)
    assert.equal(open.size, 2)
  })

  it('tries the families in turn, in the order of the resolver', () => {
    assert.deepEqual(inTurn(['::1', '::2', '::3', '10.0.0.1']), ['::1', '10.0.0.1', '::2', '::3'])
    assert.deepEqual(inTurn(['10.0.0.1', '::1', '::2']), ['10.0.0.1', '::1', '::2'])
    assert.deepEqual(inTurn([]), [])
    fc.assert(
      fc.property(fc.uniqueArray(fc.oneof(fc.ipV4(), fc.ipV6())), (addresses) => {
        assert.deepEqual(inTurn(addresses).toSorted(), addresses.toSorted())
        assert.equal(inTurn(addresses)[0], addresses[0])
      }),
    )
  })

  it('takes an address as it is, and asks for a name', async () => {
    assert.deepEqual(await addressesOf('::1', limit()), ['::1'])
    assert.ok((await addressesOf('localhost', limit())).length > 0)
    await assert.rejects(addressesOf('nowhere.invalid', limit()), {syscall: 'getaddrinfo'})
    await assert.rejects(addressesOf('localhost', {...limit(), signal: AbortSignal.abort()}), {name: 'AbortError'})
  })
})

/** A process that listens, and takes nobody: of those that come when its queue is full the system says nothing. */
const beSilent = async (port: number, open: Set<Socket>): Promise<ChildProcess> => {
  const program = `require('net').createServer().listen({port: ${port}, host: '${SILENT}', backlog: 1}, () => console.log('up'))`
  const child = spawn(process.execPath, ['-e', program], {stdio: ['ignore', 'pipe', 'inherit']})
  await once(child.stdout, 'data')
  child.kill('SIGSTOP')
  for (;;) {
    const socket = connect(port, SILENT).on('error', () => undefined)
    open.add(socket)
    const isTaken = once(socket, 'connect').then(() => true)
    if (!(await Promise.race([isTaken, new Promise((resolve) => setTimeout(() => resolve(false), 200))]))) return child
  }
}
