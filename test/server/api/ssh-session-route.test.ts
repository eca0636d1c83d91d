import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {MAX_KEYS_PER_TOKEN} from '../../../src/server/limits.ts'
import {HOST_KEY, NOON, type RunningApi, runApi} from './running-api.ts'

const field = (bytes: Buffer | string): Buffer => {
  const content = Buffer.from(bytes)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  return Buffer.concat([length, content])
}
const lineOf = (type: string, ...fields: (Buffer | string)[]): string =>
  `${type} ${Buffer.concat([type, ...fields].map(field)).toString('base64')}`

const KEY = lineOf('ssh-ed25519', Buffer.alloc(32, 7))
const BAD_KEY = {error: true, message: 'The public_key is not one line of an OpenSSH public key.'}

describe('POST /workspace/<id>/ssh-session', () => {
  let api: RunningApi

  beforeEach(async () => {
    api = await runApi()
    api.store.workspaces.create({title: 'calm-reed', customTitle: null}, NOON)
    api.store.workspaces.setState(1, {interimState: null, currentState: 'running'})
  })

  afterEach(() => api.close())

  const mint = (body: unknown, id: number | string = 1) =>
    api.ask('POST', `/api/rc/workspace/${id}/ssh-session`, {body})
  const registered = () =>
    api.store.keys.valid(1, NOON).map(({publicKey, expiresAt}) => [publicKey, expiresAt.toISOString()])

  it('answers exactly the bundle of the contract, and registers the key without its comment', async () => {
    const {status, body} = await mint({public_key: `${KEY} runcode-agent`, ttl: 600, client: 'claude-code'})
    assert.equal(status, 200)
    assert.deepEqual(body, {
      error: false,
      bundle: {
        host: '127.0.0.1',
        port: 4022,
        user: 'calm-reed',
        known_hosts: `[127.0.0.1]:4022 ${HOST_KEY}\n`,
        credential: {type: 'key', certificate: null},
        workdir: '/srv/calm-reed/project',
        expires_at: '2030-01-02T12:10:00+00:00',
        ssh_config: 'Host runcode-calm-reed\n  HostName 127.0.0.1\n  Port 4022\n  User calm-reed\n',
      },
    })
    assert.deepEqual(registered(), [[KEY, '2030-01-02T12:10:00.000Z']])
  })

  it('registers so many keys of one token for a workspace; what is registered, and other tokens, go on', async () => {
    const expiresAt = new Date(NOON.getTime() + 60_000)
    for (let i = 1; i < MAX_KEYS_PER_TOKEN; i += 1)
      api.store.keys.register({workspaceId: 1, tokenId: 1, publicKey: `key ${i}`, expiresAt})
    const other = KEY.replace(/.{8}$/, 'AAAAAAAA')
    const statuses = [await mint({public_key: KEY}), await mint({public_key: other}), await mint({public_key: KEY})]
    assert.deepEqual(
      statuses.map(({status}) => status),
      [200, 429, 200],
    )
    const headers = {authorization: `Token ${api.user}`}
    const theirs = await api.ask('POST', '/api/rc/workspace/1/ssh-session', {body: {public_key: other}, headers})
    assert.equal(theirs.status, 200)
  })

  it('gives half an hour at most, and as a rule', async () => {
    for (const ttl of [undefined, 1800, 1801, 86_400]) {
      const {body} = await mint({public_key: KEY, ttl})
      const {bundle} = body as {bundle: {expires_at: string}}
      assert.equal(bundle.expires_at, '2030-01-02T12:30:00+00:00', String(ttl))
    }
  })

  it('ignores what it does not know, and writes to the audit who asked for what', async () => {
    assert.equal((await mint({public_key: KEY, client: 'a\nb', web: true})).status, 200)
    const [last] = api.store.audit.list(1)
    const key = String(last?.facts['key'])
    assert.match(key, /^SHA256:[A-Za-z0-9+/]{43}$/)
    assert.deepEqual(
      [last?.event, last?.facts],
      [
        'key_registered',
        {workspace_id: 1, token_id: 1, key, client: 'a\u{FFFD}b', expires_at: '2030-01-02T12:30:00.000Z'},
      ],
    )
  })

  for (const [why, body] of Object.entries({
    'no key': {},
    'a key that is no text': {public_key: 5},
    'a ttl in text': {public_key: KEY, ttl: '600'},
    'a ttl of zero': {public_key: KEY, ttl: 0},
    'a broken ttl': {public_key: KEY, ttl: 1.5},
    'no object': [],
    'a very long key': {public_key: `ssh-rsa ${'A'.repeat(9000)}`},
  }))
    it(`refuses ${why}`, async () => {
      assert.equal((await mint(body)).status, 400)
      assert.deepEqual(registered(), [])
    })

  for (const [why, line] of Object.entries({
    'two lines': `${KEY}\n${KEY}`,
    'a line end': `${KEY}\n`,
    'options before the key': `command="sh" ${KEY}`,
    'a type that is not allowed': lineOf('ssh-dss', 'p', 'q', 'g', 'y'),
    'a certificate': lineOf('ssh-ed25519-cert-v01@openssh.com', 'x'),
    'a blob of another type': KEY.replace('ssh-ed25519', 'ssh-rsa'),
    'a blob that ends too early': lineOf('ssh-ed25519', Buffer.alloc(32)).slice(0, 60),
    'a blob with more in it': lineOf('ssh-ed25519', Buffer.alloc(32), 'more'),
    'base64 that is not canonical': `${KEY.slice(0, -1)}`,
    'a private key': '-----BEGIN OPENSSH PRIVATE KEY-----',
    'a leading blank': ` ${KEY}`,
  }))
    it(`refuses ${why} for a public key`, async () => {
      assert.deepEqual((await mint({public_key: line})).body, BAD_KEY)
      assert.deepEqual(registered(), [])
    })

  it('says 404 for a workspace that is not there, and 409 with the cure for one that does not run', async () => {
    for (const id of ['99', '0', '01', '99999999999999999999'])
      assert.deepEqual(
        [(await mint({public_key: KEY}, id)).status, (await mint({public_key: KEY}, id)).body],
        [404, {error: true, message: `There is no workspace ${id}.`}],
      )
    assert.equal((await mint({public_key: KEY}, 'calm-reed')).status, 400)
    for (const state of [
      {interimState: null, currentState: 'stopped'},
      {interimState: 'stopping', currentState: 'running'},
      {interimState: 'starting', currentState: 'stopped'},
    ] as const) {
      api.store.workspaces.setState(1, state)
      const {status, body} = await mint({public_key: KEY})
      const message = 'Workspace calm-reed is not running; start it first.'
      assert.deepEqual([status, body], [409, {error: true, message}])
    }
    assert.deepEqual(registered(), [])
  })

  it('accepts what ssh-keygen makes, of every type that it makes without hardware', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runcode-keys-'))
    try {
      for (const [type, bits] of [
        ['ed25519', ''],
        ['ecdsa', '256'],
        ['ecdsa', '384'],
        ['ecdsa', '521'],
        ['rsa', '2048'],
      ] as const) {
        const file = join(folder, `${type}${bits}`)
        execFileSync('ssh-keygen', [
          '-q',
          '-t',
          type,
          ...(bits ? ['-b', bits] : []),
          '-N',
          '',
          '-C',
          'me@here',
          '-f',
          file,
        ])
        const line = readFileSync(`${file}.pub`, 'utf8').trim()
        assert.equal((await mint({public_key: line})).status, 200, line)
        assert.ok(registered().some(([key]) => `${key} me@here` === line))
      }
    } finally {
      rmSync(folder, {recursive: true})
    }
  })

  it('refuses keys that live in hardware, whose signatures the gateway cannot check', async () => {
    const ed25519 = lineOf('sk-ssh-ed25519@openssh.com', Buffer.alloc(32), 'ssh:')
    const ecdsa = lineOf('sk-ecdsa-sha2-nistp256@openssh.com', 'nistp256', Buffer.alloc(65, 4), 'ssh:')
    for (const line of [ed25519, ecdsa]) assert.equal((await mint({public_key: line})).status, 400, line)
  })
})
