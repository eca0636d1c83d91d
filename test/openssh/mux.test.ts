import assert from 'node:assert/strict'
import {createServer, type Server, type Socket} from 'node:net'
import {join} from 'node:path'
import {askMaster} from '../../src/openssh/mux.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

/** A message of PROTOCOL.mux: its length, then numbers. */
const message = (...numbers: number[]): Buffer => {
  const bytes = Buffer.alloc(4 + 4 * numbers.length)
  bytes.writeUInt32BE(4 * numbers.length)
  numbers.forEach((number, at) => {
    bytes.writeUInt32BE(number, 4 + 4 * at)
  })
  return bytes
}

const HELLO = message(1, 4)
const ALIVE = message(0x80000005, 0, 4711)
const OK = message(0x80000001, 0)
const DENIED = message(0x80000002, 0, 0)

describe('askMaster()', () => {
  const folder = temporaryFolder()
  let server: Server | undefined
  const sockets = new Set<Socket>()

  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)))
    server = undefined
  })

  /** A master that does this with each connection. */
  const master = async (treat: (socket: Socket) => void): Promise<string> => {
    const path = join(folder.path, 'master')
    server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
      treat(socket)
    })
    await new Promise<void>((resolve) => server?.listen(path, resolve))
    return path
  }
  const answering = (...answers: Buffer[]) =>
    master((socket) => socket.once('data', () => answers.forEach((answer) => void socket.write(answer))))

  it('finds a living master, however its answer is cut', async () => {
    assert.equal(await askMaster(await answering(HELLO, ALIVE), 'check'), 'yes')
    const bytes = Buffer.concat([HELLO, ALIVE])
    server?.close()
    server = undefined
    const path = join(folder.path, 'slow')
    server = createServer((socket) => {
      sockets.add(socket)
      bytes.forEach((byte, at) => void setTimeout(() => socket.write(Buffer.of(byte)), at))
    })
    await new Promise<void>((resolve) => server?.listen(path, resolve))
    assert.equal(await askMaster(path, 'check', {timeoutMs: 5000}), 'yes')
  })

  for (const [request, type] of [
    ['check', 0x10000004],
    ['exit', 0x10000005],
    ['stop', 0x10000009],
  ] as const) {
    it(`says hello and asks for ${request}, and nothing else`, async () => {
      const seen: Buffer[] = []
      const path = await master((socket) =>
        socket.on('data', (chunk) => {
          seen.push(chunk)
          socket.write(Buffer.concat([HELLO, request === 'check' ? ALIVE : OK]))
        }),
      )
      assert.equal(await askMaster(path, request), 'yes')
      assert.deepEqual(Buffer.concat(seen), Buffer.concat([HELLO, message(type, 0)]))
    })
  }

  it('believes no other answer', async () => {
    for (const [request, answer] of [
      ['check', OK],
      ['check', DENIED],
      ['exit', ALIVE],
      ['stop', DENIED],
      ['check', message(0x80000003, 0, 0)],
    ] as const) {
      assert.equal(await askMaster(await answering(HELLO, answer), request), 'no')
      server?.close()
    }
  })

  it('gives up on a master that is silent, in its time', async () => {
    const path = await master(() => undefined)
    const startMs = performance.now()
    assert.equal(await askMaster(path, 'check', {timeoutMs: 150}), 'silent')
    assert.ok(performance.now() - startMs >= 145)
  })

  for (const [what, bytes] of Object.entries({
    'closes at once': Buffer.alloc(0),
    'says hello and closes': HELLO,
    'speaks HTTP': Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    'announces a message of 4 GiB': Buffer.from([255, 255, 255, 255, 128, 0, 0, 5]),
    'sends 100 KiB of zeros': Buffer.alloc(100_000),
  })) {
    it(`is not fooled by one that ${what}`, async () => {
      const path = await master((socket) => socket.end(bytes))
      assert.equal(await askMaster(path, 'check', {timeoutMs: 2000}), 'no')
    })
  }

  it('ends early with one that never stops talking', async () => {
    const path = await master((socket) => {
      socket.write(Buffer.from([255, 255, 255, 255, 128, 0, 0, 5]))
      const more = (): void => void (socket.destroyed || socket.write(Buffer.alloc(65_536), more))
      more()
    })
    assert.equal(await askMaster(path, 'check', {timeoutMs: 10_000}), 'no')
  })

  it('finds nobody behind a path that is missing, no socket, or too long', async () => {
    assert.equal(await askMaster(join(folder.path, 'none'), 'check'), 'no')
    assert.equal(await askMaster(folder.path, 'check'), 'no')
    assert.equal(await askMaster(join(folder.path, 'x'.repeat(300)), 'check'), 'no')
  })
})
