import assert from 'node:assert/strict'
import {createServer, type Server, type Socket} from 'node:net'
import {join} from 'node:path'
import {
  boolean,
  MESSAGE,
  type Message,
  MessageReader,
  message,
  string,
  uint32,
} from '../../src/openssh/connection-messages.ts'
import {SessionChannel} from '../../src/openssh/session-channel.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'
import {until} from '../support/until.ts'

const muxPacket = (type: number, argument: number): Buffer => Buffer.concat([uint32(8), uint32(type), uint32(argument)])
const HELLO = muxPacket(1, 4)
const PROXYING = muxPacket(0x8000000f, 0)
const FAILED = Buffer.concat([uint32(14), uint32(0x80000003), uint32(0), string('no')])
/** What the hello and the request of a client take. */
const ASKED_BYTES = 24
/** Our number, theirs. */
const [OURS, THEIRS] = [0, 77]

/** The side of a master and of the sshd behind it. */
interface Played {
  readonly socket: Socket
  readonly heard: Message[]
  say(type: number, ...fields: readonly Buffer[]): void
  /** Waits for a message of this type that was not waited for before. */
  hear(type: number): Promise<Message>
}

describe('a session over a master', () => {
  const folder = temporaryFolder()
  let server: Server
  let played: Promise<Played>
  const path = (): string => join(folder.path, 'master')

  /** Answers the greeting with `greeting`, and collects what comes then. */
  const listen = async (...greeting: readonly Buffer[]): Promise<void> => {
    let isThere: (one: Played) => void
    played = new Promise((resolve) => {
      isThere = resolve
    })
    server = createServer((socket) => {
      const heard: Message[] = []
      const taken = new Set<Message>()
      const reader = new MessageReader(Buffer.alloc(0))
      let asked = 0
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => {
        const rest = chunk.subarray(Math.max(0, ASKED_BYTES - asked))
        asked += chunk.length
        heard.push(...reader.read(rest))
      })
      socket.write(Buffer.concat(greeting))
      isThere({
        ...{socket, heard},
        say: (type, ...fields) => void socket.write(message(type, uint32(OURS), ...fields)),
        hear: async (type) => {
          const find = (): Message | undefined => heard.find((one) => one.type === type && !taken.has(one))
          await until(
            () => find() !== undefined,
            () => `heard ${heard.map((one) => one.type)}`,
          )
          const found = find() as Message
          taken.add(found)
          return found
        },
      })
    })
    await new Promise<void>((resolve) => server.listen(path(), resolve))
  }
  afterEach(async () => {
    const {socket} = await played
    socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  const opened = async ({windowBytes = 1 << 20, packetBytes = 32_768} = {}): Promise<[SessionChannel, Played]> => {
    await listen(HELLO, PROXYING)
    const opening = SessionChannel.open(path())
    const far = await played
    await far.hear(MESSAGE.open)
    far.say(MESSAGE.opened, uint32(THEIRS), uint32(windowBytes), uint32(packetBytes))
    const channel = await opening
    assert.ok(typeof channel === 'object')
    return [channel, far]
  }
  const collect = async (stream: AsyncIterable<Buffer>): Promise<string> => {
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }

  it('asks for a session, runs one line, and tells what came and how it ended', async () => {
    const [channel, far] = await opened()
    const answer = channel.exec('a line')
    const {fields} = await far.hear(MESSAGE.request)
    assert.deepEqual(
      [fields.uint32(), fields.string().toString(), fields.boolean(), fields.string().toString()],
      [THEIRS, 'exec', true, 'a line'],
    )
    far.say(MESSAGE.success)
    assert.equal(await answer, true)
    far.say(MESSAGE.data, string('out'))
    far.say(MESSAGE.extendedData, uint32(1), string('err'))
    far.say(MESSAGE.extendedData, uint32(9), string('of a kind that nobody knows'))
    far.say(MESSAGE.data, string(' and more'))
    far.say(MESSAGE.request, string('exit-status'), boolean(false), uint32(41))
    far.say(MESSAGE.eof)
    far.say(MESSAGE.close)
    assert.deepEqual(await Promise.all([collect(channel.stdout), collect(channel.stderr)]), ['out and more', 'err'])
    assert.deepEqual(await channel.ending, {kind: 'exited', code: 41})
    assert.equal((await far.hear(MESSAGE.close)).fields.uint32(), THEIRS)
  })

  it('sends no more than the far side takes, in packets no larger than it takes', async () => {
    const [channel, far] = await opened({windowBytes: 10, packetBytes: 4})
    const writing = channel.write(Buffer.from('twelve bytes'))
    const next = async (): Promise<string> => {
      const {fields} = await far.hear(MESSAGE.data)
      assert.equal(fields.uint32(), THEIRS)
      return fields.string().toString()
    }
    assert.deepEqual([await next(), await next(), await next()], ['twel', 've b', 'yt'])
    far.say(MESSAGE.windowAdjust, uint32(1))
    assert.equal(await next(), 'e')
    far.say(MESSAGE.windowAdjust, uint32(5))
    assert.equal(await next(), 's')
    assert.equal(await writing, true)
    channel.end()
    await far.hear(MESSAGE.eof)
  })

  it('sends nothing more to a command that reads no more', async () => {
    const [channel, far] = await opened({windowBytes: 1})
    const writing = channel.write(Buffer.from('ab'))
    await far.hear(MESSAGE.data)
    far.say(MESSAGE.request, string('eow@openssh.com'), boolean(false))
    assert.equal(await writing, false)
    assert.equal(await channel.write(Buffer.from('c')), false)
  })

  it('lets the far side send on as what came is read, and not before', async () => {
    const [channel, far] = await opened()
    const chunk = Buffer.alloc(32_768)
    for (let sent = 0; sent < 1 << 20; sent += chunk.length) far.say(MESSAGE.data, string(chunk))
    far.say(MESSAGE.request, string('are you there?'), boolean(true))
    await far.hear(MESSAGE.failure)
    assert.equal(
      far.heard.some(({type}) => type === MESSAGE.windowAdjust),
      false,
    )
    let read = 0
    for await (const {length} of channel.stdout) {
      read += length
      if (read > 1 << 19) break
    }
    const {fields} = await far.hear(MESSAGE.windowAdjust)
    assert.deepEqual([fields.uint32(), fields.uint32()], [THEIRS, 1 << 19])
  })

  it('does not answer who asks for nothing, and answers no to what it does not know', async () => {
    const [, far] = await opened()
    far.say(MESSAGE.request, string('a'), boolean(false))
    far.say(MESSAGE.request, string('b'), boolean(true))
    await far.hear(MESSAGE.failure)
    assert.equal(far.heard.filter(({type}) => type === MESSAGE.failure).length, 1)
  })

  for (const [what, bytes] of [
    ['a message without a number', Buffer.concat([uint32(1), Buffer.alloc(5)])],
    ['a message without an end', Buffer.concat([uint32(0xffffffff), Buffer.alloc(5)])],
    ['a string longer than its message', message(MESSAGE.data, uint32(OURS), uint32(1000), Buffer.from('x'))],
    ['a message without fields', message(MESSAGE.data)],
    [
      'more than it was allowed to send',
      Buffer.alloc(65 * 32_781, message(MESSAGE.data, uint32(OURS), string(Buffer.alloc(32_767)))),
    ],
  ] as const) {
    it(`ends without a status where the far side sends ${what}`, async () => {
      const [channel, far] = await opened()
      far.socket.write(bytes)
      assert.deepEqual(await channel.ending, {kind: 'exited', code: 255})
    })
  }

  it('says that nobody answered where the connection ends before the far side says whether it runs the line', async () => {
    const [channel, far] = await opened()
    const answer = channel.exec('a line')
    await far.hear(MESSAGE.request)
    far.socket.destroy()
    assert.equal(await answer, undefined)
    assert.deepEqual(await channel.ending, {kind: 'exited', code: 255})
    assert.equal(await channel.write(Buffer.from('x')), false)
  })

  it('says that the far side refused the line', async () => {
    const [channel, far] = await opened()
    const answer = channel.exec('a line')
    await far.hear(MESSAGE.request)
    far.say(MESSAGE.failure)
    assert.equal(await answer, false)
  })

  it('closes the connection when it is killed', async () => {
    const [channel, far] = await opened()
    const closed = new Promise((resolve) => far.socket.once('close', resolve))
    channel.kill()
    await closed
    assert.deepEqual(await channel.ending, {kind: 'exited', code: 255})
  })

  describe('is none', () => {
    it('where the master cannot hand on messages', async () => {
      await listen(HELLO, FAILED)
      assert.equal(await SessionChannel.open(path()), 'none')
    })

    it('where the far side opens no session', async () => {
      await listen(HELLO, PROXYING)
      const opening = SessionChannel.open(path())
      const far = await played
      await far.hear(MESSAGE.open)
      far.say(MESSAGE.notOpened, uint32(1), string('no more sessions'), string(''))
      assert.equal(await opening, 'none')
    })

    it('where the master ends instead', async () => {
      await listen(HELLO, PROXYING)
      const opening = SessionChannel.open(path())
      ;(await played).socket.destroy()
      assert.equal(await opening, 'none')
    })

    it('where the far side says nothing', async () => {
      await listen(HELLO, PROXYING)
      assert.equal(await SessionChannel.open(path(), {timeoutMs: 50}), 'silent')
    })

    it('where the master says nothing', async () => {
      await listen()
      assert.equal(await SessionChannel.open(path()), 'none')
    })
  })
})
