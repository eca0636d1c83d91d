import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import {connect, type Socket} from 'node:net'
import ssh2 from 'ssh2'
import {generateHostKey} from '../../../src/server/gateway/host-key.ts'
import {GatewayError, startGateway} from '../../../src/server/gateway/start-gateway.ts'
import {MAX_STRANGERS} from '../../../src/server/limits.ts'
import {BRAVE, CALM, type GatewayFixture, makeKey, openGateway, publicKeyOf, until} from './gateway-fixture.ts'

describe('the entrance of the gateway', () => {
  let fixture: GatewayFixture
  before(async () => {
    fixture = await openGateway()
  })
  after(() => fixture.close())
  beforeEach(() => {
    fixture.records.length = 0
  })

  const exited = (code: number) => ({kind: 'exited', code}) as const
  /** What happens to a client with a raw socket; resolves when the gateway closes it. */
  const bytesTo = async (...parts: (string | Buffer)[]): Promise<void> => {
    const socket: Socket = connect(fixture.port, '127.0.0.1')
    socket.on('error', () => undefined).resume()
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    for (const part of parts) socket.write(part)
    await closed
  }

  it('lets a registered key in and says so', async () => {
    assert.deepEqual((await fixture.ssh([...fixture.sshArgs(), 'exit 7'])).ending, exited(7))
    assert.deepEqual(fixture.records, [{event: 'ssh_accepted', facts: {workspace_id: 1, user: BRAVE.title}}])
  })

  for (const [who, key, title, reason] of [
    ['an unregistered key', 'unregistered', BRAVE.title, 'unknown_key'],
    ['the key of another workspace', 'calm', BRAVE.title, 'unknown_key'],
    ['a registered key under a name that is no workspace', 'brave', 'nobody', 'unknown_user'],
  ] as const) {
    it(`refuses ${who}`, async () => {
      const args = fixture.sshArgs(['-o', `IdentityFile=${fixture.path(key)}`, '-F', '/dev/null'], title)
      const options = [
        '-p',
        String(fixture.port),
        '-o',
        `UserKnownHostsFile=${fixture.path('known_hosts')}`,
        '-o',
        'BatchMode=yes',
      ]
      const {ending, stderr} = await fixture.ssh([...args.slice(2, -1), ...options, '127.0.0.1', 'true'])
      assert.deepEqual(ending, exited(255))
      assert.match(stderr, /Permission denied \(publickey\)/)
      await until('the refusal is recorded', () => fixture.records.length > 0)
      assert.deepEqual(fixture.records, [{event: 'ssh_refused', facts: {user: title, reason, tries: 1}}])
    })
  }

  it('ends a connection at its tenth key', async () => {
    const names = Array.from({length: 11}, (_, i) => fixture.path(`try-${i}`))
    names.forEach(makeKey)
    const args = [
      '-F',
      '/dev/null',
      ...names.flatMap((name) => ['-i', name]),
      '-p',
      String(fixture.port),
      '-l',
      BRAVE.title,
    ]
    const pin = [
      '-o',
      `UserKnownHostsFile=${fixture.path('known_hosts')}`,
      '-o',
      'IdentitiesOnly=yes',
      '-o',
      'BatchMode=yes',
    ]
    assert.deepEqual((await fixture.ssh([...args, ...pin, '127.0.0.1', 'true'])).ending, exited(255))
    await until('the refusal is recorded', () => fixture.records.length > 0)
    assert.deepEqual(
      fixture.records.map(({facts}) => facts),
      [{user: BRAVE.title, reason: 'unknown_key', tries: 10}],
    )
  })

  it('refuses a client that knows only passwords', async () => {
    const client = new ssh2.Client()
    const error = await new Promise((resolve) => {
      client.once('error', resolve).once('ready', () => resolve('let in'))
      client.connect({host: '127.0.0.1', port: fixture.port, username: BRAVE.title, password: 'x'})
    })
    assert.equal((error as {level?: string}).level, 'client-authentication')
  })

  it('refuses a registered key whose signature is of another key', async () => {
    makeKey(fixture.path('thief'))
    const registered = ssh2.utils.parseKey(publicKeyOf(fixture.path('brave')))
    const thief = ssh2.utils.parseKey(readFileSync(fixture.path('thief')))
    assert.equal(registered instanceof Error || thief instanceof Error, false)
    if (registered instanceof Error || thief instanceof Error) return
    const client = new ssh2.Client()
    class Thief extends ssh2.BaseAgent {
      override getIdentities(done: (error: undefined, keys: ssh2.ParsedKey[]) => void): void {
        done(undefined, [registered as ssh2.ParsedKey])
      }
      override sign(
        _key: unknown,
        data: Buffer,
        options: unknown,
        done?: (error: undefined, signature: Buffer) => void,
      ): void {
        const callback = (typeof options === 'function' ? options : done) as (
          error: undefined,
          signature: Buffer,
        ) => void
        callback(undefined, (thief as ssh2.ParsedKey).sign(data))
      }
    }
    const outcome = await new Promise((resolve) => {
      client.once('error', () => resolve('refused')).once('ready', () => resolve('let in'))
      client.connect({host: '127.0.0.1', port: fixture.port, username: BRAVE.title, agent: new Thief() as never})
    })
    assert.equal(outcome, 'refused')
    await until('the refusal is recorded', () => fixture.records.length > 0)
    assert.deepEqual(fixture.records[0]?.facts, {user: BRAVE.title, reason: 'bad_signature', tries: 1})
  })

  it('is not entered by a client that pins another host key', async () => {
    writeFileSync(fixture.path('wrong_hosts'), `[127.0.0.1]:${fixture.port} ${generateHostKey().publicKey}\n`)
    const options = ['-o', `UserKnownHostsFile=${fixture.path('wrong_hosts')}`]
    const {ending, stderr} = await fixture.ssh([...fixture.sshArgs(options), 'true'])
    assert.deepEqual(ending, exited(255))
    assert.match(stderr, /Host key verification failed/)
    assert.deepEqual(fixture.records, [])
  })

  it('lets RSA keys in by SHA-2', async () => {
    execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-C', '', '-f', fixture.path('rsa')])
    fixture.admitted.get(CALM.title)?.publicKeys.push(publicKeyOf(fixture.path('rsa')))
    const args = ['-F', '/dev/null', '-i', fixture.path('rsa'), '-p', String(fixture.port), '-l', CALM.title]
    const pin = [
      '-o',
      `UserKnownHostsFile=${fixture.path('known_hosts')}`,
      '-o',
      'BatchMode=yes',
      '127.0.0.1',
      'exit 9',
    ]
    assert.deepEqual((await fixture.ssh([...args, '-o', 'IdentitiesOnly=yes', ...pin])).ending, exited(9))
  })

  for (const [what, parts] of Object.entries({
    'no SSH at all': ['GET / HTTP/1.1\r\n\r\n'],
    'a line without end': ['x'.repeat(20_000)],
    'a version that is not 2.0': ['SSH-1.0-old\r\n'],
    'a packet length of 4 GiB': ['SSH-2.0-x\r\n', Buffer.alloc(64, 0xff)],
    'a packet of zeros': ['SSH-2.0-x\r\n', Buffer.alloc(64)],
    'a key exchange that is cut short': ['SSH-2.0-x\r\n', Buffer.from('0000000c0a14ffffffffffffffffffff', 'hex')],
  })) {
    it(`survives ${what}, and closes that connection`, async () => {
      await bytesTo(...parts)
      assert.deepEqual((await fixture.ssh([...fixture.sshArgs(), 'true'])).ending, exited(0))
    })
  }

  it(`keeps ${MAX_STRANGERS} connections that have not said who they are, and gives the place of the oldest to a client`, async () => {
    const open = async (): Promise<Socket> => {
      const socket = connect(fixture.port, '127.0.0.1').on('error', () => undefined)
      await new Promise((resolve) => socket.once('data', resolve))
      return socket.resume()
    }
    const oldest = await open()
    const others = await Promise.all(Array.from({length: MAX_STRANGERS - 1}, open))
    assert.equal(oldest.closed, false)
    assert.deepEqual((await fixture.ssh([...fixture.sshArgs(), 'exit 8'])).ending, exited(8))
    await until('the oldest is closed', () => oldest.closed)
    assert.deepEqual(
      others.filter(({closed}) => closed),
      [],
    )
    for (const socket of others) socket.destroy()
  })

  it('stands on a loopback address only', async () => {
    const options = {
      hostKey: generateHostKey().privateKey,
      runtime: fixture.runtime,
      admit: () => undefined,
      record: () => undefined,
    }
    for (const address of ['0.0.0.0', '::', 'localhost', '192.0.2.1', '127.0.0.1.example']) {
      await assert.rejects(startGateway({...options, address, port: 0}), GatewayError)
    }
    await assert.rejects(startGateway({...options, address: '127.0.0.1', port: fixture.port}), GatewayError)
    await assert.rejects(startGateway({...options, hostKey: '', address: '127.0.0.1', port: 0}), GatewayError)
  })
})
