import assert from 'node:assert/strict'
import {execFileSync, spawn} from 'node:child_process'
import {existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Client, ClientChannel} from 'ssh2'
import {REPLY, REQUEST, STATUS} from '../../../src/server/sftp/protocol.ts'
import {openRawSftp, type RawSftp, request} from '../sftp/raw-sftp.ts'
import {
  BRAVE,
  CALM,
  collect,
  type GatewayFixture,
  isRunning,
  openGateway,
  outcomeOf,
  TOKEN_OF,
  until,
} from './gateway-fixture.ts'

const READ = 0x1
const WRITE = 0x2
const CREAT = 0x8

describe('sftp through the gateway', () => {
  let fixture: GatewayFixture
  let home: string
  before(async () => {
    fixture = await openGateway()
    home = fixture.path(`workspaces/${BRAVE.title}/home`)
  })
  after(() => fixture.close())

  const subsystem = (client: Client): Promise<ClientChannel> =>
    new Promise((resolve, reject) =>
      client.subsys('sftp', (error, channel) => (error ? reject(error) : resolve(channel))),
    )
  const open = async (client: Client): Promise<RawSftp & {channel: ClientChannel}> => {
    const channel = await subsystem(client)
    return {...(await openRawSftp(channel, channel)), channel}
  }
  const openFile = async (sftp: RawSftp, path: string, flags: number): Promise<Buffer> => {
    const {type, fields} = await sftp.ask(REQUEST.open, path, flags, 0)
    assert.equal(type, REPLY.handle)
    return fields.bytes()
  }
  /** The SFTP servers that run for this workspace. */
  const servers = (): number[] =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => /sftp-server\.js\0$/.test(textOf(`/proc/${pid}/cmdline`)) && cwdOf(pid) === home)
      .map(Number)
      .filter(isRunning)

  it('begins in HOME, like a command', async () => {
    const sftp = await open(await fixture.connect())
    const {fields} = await sftp.ask(REQUEST.realpath, '.')
    assert.equal(fields.uint32(), 1)
    assert.equal(fields.bytes().toString(), home)
    await openFile(sftp, 'here', WRITE | CREAT)
    assert.equal(existsSync(join(home, 'here')), true)
  })

  it('works for the SFTP client of ssh2, symlinks and statuses included', async () => {
    const client = await fixture.connect()
    await new Promise<void>((resolve, reject) =>
      client.sftp((opening, sftp) => {
        if (opening) return reject(opening)
        sftp.symlink('to', 'link', (failure) => {
          if (failure) return reject(failure)
          sftp.stat('link', (error) => {
            assert.equal((error as unknown as {code: number}).code, STATUS.noSuchFile)
            resolve()
          })
        })
      }),
    )
    assert.equal(readlinkSync(join(home, 'link')), 'to')
  })

  it('gives a handle to one session only', async () => {
    const client = await fixture.connect()
    writeFileSync(join(home, 'mine'), 'mine')
    const [one, other] = [await open(client), await open(client)]
    const handle = await openFile(one, 'mine', READ)
    const {type, fields} = await other.ask(REQUEST.read, handle, 0n, 10)
    assert.deepEqual([type, fields.uint32()], [REPLY.status, STATUS.failure])
  })

  it('ends with its channel, and leaves nothing open', async () => {
    const client = await fixture.connect()
    const before = servers()
    const sftp = await open(client)
    for (let i = 0; i < 50; i += 1) await openFile(sftp, 'open', WRITE | CREAT)
    assert.equal(servers().length, before.length + 1)
    sftp.channel.close()
    await until('its server has ended', () => servers().length === before.length)
  })

  it('says with which status it ended when its client has finished', async () => {
    const channel = await subsystem(await fixture.connect())
    const outcome = outcomeOf(channel)
    channel.end()
    assert.deepEqual(await outcome, {stdout: '', exit: [0]})
  })

  for (const [what, act] of Object.entries({
    'its client is gone': (client: Client) => client.destroy(),
    'its workspace is disconnected': () => fixture.gateway.disconnect(BRAVE.id),
    'its token is revoked': () => fixture.gateway.disconnectToken(TOKEN_OF[BRAVE.id] ?? 0),
    'its workspace stops': () => fixture.runtime.stop(BRAVE),
  })) {
    it(`ends when ${what}, also while it waits for a named pipe that nobody writes`, async () => {
      rmSync(join(home, 'pipe'), {force: true})
      execFileSync('mkfifo', ['-m', '600', join(home, 'pipe')])
      const before = servers()
      const client = await fixture.connect()
      client.on('error', () => undefined)
      await open(client)
      const stuck = await subsystem(client)
      stuck.on('error', () => undefined)
      const waiting = await openRawSftp(stuck, stuck)
      waiting.ask(REQUEST.open, 'pipe', READ, 0).catch(() => undefined)
      // A session that waits holds up no other.
      const other = await open(client)
      assert.equal((await other.ask(REQUEST.stat, '.')).type, REPLY.attributes)
      const started = servers().filter((pid) => !before.includes(pid))
      assert.equal(started.length, 3)
      await act(client)
      await until('all of them have ended', () => !started.some(isRunning))
    })
  }

  it('is not given in a workspace that has stopped, by a connection that is still open', async () => {
    const client = await fixture.connect()
    const entrance = fixture.admitted.get(BRAVE.title)
    fixture.admitted.delete(BRAVE.title)
    const error = await subsystem(client).catch((thrown: unknown) => thrown)
    if (entrance !== undefined) fixture.admitted.set(BRAVE.title, entrance)
    assert.ok(error instanceof Error)
  })

  it('is of the workspace that was asked for', async () => {
    const options = ['-q', '-F', fixture.path('config'), '-i', fixture.path('calm'), '-b', '-']
    const sftp = spawn('sftp', [...options, `${CALM.title}@gateway`], {stdio: 'pipe'})
    const {stdout} = await collect(sftp, 'pwd\n')
    assert.match(stdout.toString(), new RegExp(`/${CALM.title}/home\n$`))
  })

  for (const [what, bytes] of Object.entries({
    'a packet of 4 GiB': Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 3]),
    'a packet of nothing': Buffer.from([0, 0, 0, 0]),
    'no init': Buffer.concat([Buffer.from([0, 0, 0, 10]), request(REQUEST.stat, 1, '/')]),
  })) {
    it(`ends, with words and without an answer, at ${what}`, async () => {
      const client = await fixture.connect()
      const channel = await subsystem(client)
      let words = ''
      channel.stderr.on('data', (chunk: Buffer) => {
        words += chunk
      })
      const outcome = outcomeOf(channel)
      channel.write(bytes)
      assert.deepEqual(await outcome, {stdout: '', exit: [1]})
      assert.match(words, /^runcode: sftp: [^\n]+\.\n$/)
      // The connection goes on.
      assert.equal((await (await open(client)).ask(REQUEST.stat, '.')).type, REPLY.attributes)
    })
  }

  it('costs little memory for a client that asks for gigabytes and reads nothing', async () => {
    const client = await fixture.connect()
    writeFileSync(join(home, 'big'), Buffer.alloc(1 << 20, 1))
    const sftp = await open(client)
    const handle = await openFile(sftp, 'big', READ)
    const [server] = servers()
    assert.ok(server !== undefined)
    const memory = (): number => residentBytes(server) + process.memoryUsage().rss
    const before = memory()
    // 10,000 requests for 255 KiB each. The window of the channel stays shut, and the socket unread.
    ;(client as unknown as {_sock: {pause(): void}})._sock.pause()
    const {_client: sender, outgoing} = sftp.channel as unknown as {
      _client: {_protocol: {channelData(id: number, data: Buffer): void}}
      outgoing: {id: number}
    }
    const one = request(REQUEST.read, 1, handle, 0n, 261_120)
    const framed = Buffer.concat([Buffer.from([0, 0, 0, one.length]), one])
    // As much as the window of 2 MiB lets through.
    for (let i = 0; i < 60; i += 1)
      sender._protocol.channelData(outgoing.id, Buffer.concat(Array.from({length: 1000}, () => framed)))
    let grownBytes = 0
    for (const end = performance.now() + 1500; performance.now() < end; await new Promise((r) => setTimeout(r, 50)))
      grownBytes = Math.max(grownBytes, memory() - before)
    client.destroy()
    assert.ok(grownBytes < 64 << 20, `grew by ${grownBytes} bytes`)
  })
})

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

const cwdOf = (pid: string): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

const residentBytes = (pid: number): number => {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/status`)) ?? []
  return Number(kib) * 1024
}
