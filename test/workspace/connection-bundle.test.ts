import assert from 'node:assert/strict'
import {readdirSync, readFileSync} from 'node:fs'
import fc from 'fast-check'
import {parseConnectionBundle, UnsafeBundleError} from '../../src/workspace/connection-bundle.ts'

const BUNDLES = new URL('../fixtures/hostile-bundles/', import.meta.url)
const fixture = (name: string): unknown => JSON.parse(readFileSync(new URL(name, BUNDLES), 'utf8'))

const good = fixture('../good-bundle.json') as Readonly<Record<string, unknown>>
const parse = (patch: Readonly<Record<string, unknown>>, mayBeLocal = false) =>
  parseConnectionBundle({...good, ...patch}, {mayBeLocal})

/** A file of hostile values for one field, each of which must be refused by that name. */
interface HostileValues {
  readonly field: string
  readonly refused_as: string
  readonly only_for_remote_control_planes?: true
  readonly cases: readonly {readonly why: string; readonly value: unknown}[]
}

describe('a good bundle', () => {
  it('becomes facts, whole', () => {
    const keys = String(good['known_hosts']).trim().split('\n')
    assert.deepEqual(parse({}), {
      host: 'ssh.ws.example.com',
      port: 2222,
      user: 'calm-reed-00112233',
      hostKeys: keys.map((line) => ({type: line.split(' ')[1], base64: line.split(' ')[2]})),
      expiresAt: new Date('2030-01-02T03:04:05Z'),
      workdir: '/home/ubuntu/workspace',
      webUrl: 'https://calm-reed-00112233.ws.example.com/',
      certificate: undefined,
    })
    assert.equal(keys.length, 3)
  })

  it('may leave out what older control planes do not know', () => {
    const {host, port, user, known_hosts, expires_at} = good
    const {workdir, webUrl} = parseConnectionBundle({host, port, user, known_hosts, expires_at}, {mayBeLocal: false})
    assert.deepEqual([workdir, webUrl], [undefined, undefined])
    for (const nothing of [null, '']) {
      const {workdir: none, webUrl: neither} = parse({workdir: nothing, web_url: nothing})
      assert.deepEqual([none, neither], [undefined, undefined])
    }
    for (const credential of [undefined, null, {}, {type: 'key'}]) parse({credential, ssh_config: null})
  })

  for (const host of [
    '203.0.113.7',
    '2001:db8::1',
    '::ffff:203.0.113.7',
    'gw',
    'a_b.example',
    '128.0.0.1',
    '1270.example',
  ]) {
    it(`may name ${host}`, () => assert.equal(parse({host}).host, host))
  }

  for (const host of ['localhost', '127.0.0.1', '::1', '169.254.1.1']) {
    it(`may name ${host} where the control plane itself is on this machine`, () =>
      assert.equal(parse({host}, true).host, host))
  }

  it('may give the port as digits', () => assert.equal(parse({port: '22'}).port, 22))

  for (const [text, moment] of Object.entries({
    '2030-01-02T03:04:05': '2030-01-02T03:04:05.000Z',
    '2030-01-02T03:04:05Z': '2030-01-02T03:04:05.000Z',
    '2030-01-02T03:04:05.123456+02:00': '2030-01-02T01:04:05.123Z',
    '2030-01-02T03:04:05-0130': '2030-01-02T04:34:05.000Z',
  })) {
    it(`may end at ${text}, which is ${moment}`, () =>
      assert.equal(parse({expires_at: text}).expiresAt.toISOString(), moment))
  }

  it('has its pins freed of names, comments and everything that is no plain key', () => {
    const [first = '', second = ''] = String(good['known_hosts']).split('\n')
    const [, type, base64] = first.split(' ')
    const noise = ['# a comment', '', `@cert-authority * ${type} ${base64}`, `* ssh-ed25519 ${second.split(' ')[2]}`]
    const lines = [...noise, `*,|1|x= ${type}\t${base64} root@evil`, 'ProxyCommand x']
    assert.deepEqual(parse({known_hosts: lines.join('\r\n')}).hostKeys, [{type, base64}])
  })

  it('may bring an ssh_config that runs nothing', () => {
    for (const text of [
      '',
      '# ProxyCommand x\n',
      'Host include\n  User match exec\n',
      'Match host x\n',
      'ProxyCommander x\n',
    ])
      parse({ssh_config: text})
  })
})

describe('a hostile bundle', () => {
  for (const raw of [undefined, null, true, 7, 'text', [], [good]]) {
    it(`is refused where it is ${JSON.stringify(raw)?.slice(0, 12)}`, () => {
      assert.throws(() => parseConnectionBundle(raw, {mayBeLocal: true}), {
        code: 'unsafe_bundle',
        facts: {field: 'the bundle'},
      })
    })
  }

  for (const name of readdirSync(BUNDLES)) {
    const {field, refused_as, cases, only_for_remote_control_planes: onlyRemote} = fixture(name) as HostileValues
    for (const {why, value} of cases) {
      it(`is refused where its ${field} is, or holds: ${why}`, () => {
        const refusal = {name: 'UnsafeBundleError', code: 'unsafe_bundle', facts: {field: refused_as}}
        assert.throws(() => parse({[field]: value}), refusal)
        if (!onlyRemote) assert.throws(() => parse({[field]: value}, true), refusal)
      })
    }
    it(`is refused by a message without any of its values (${name})`, () => {
      for (const {value} of cases) {
        assert.throws(
          () => parse({[field]: value}),
          ({message}: Error) => !/[\p{Cc}\p{Cf}]/u.test(message) && !message.includes('ProxyCommand'),
        )
      }
    })
  }

  it('is refused where its pins are more than 64 KiB', () => {
    assert.throws(() => parse({known_hosts: String(good['known_hosts']).repeat(100)}), {facts: {field: 'known_hosts'}})
  })

  it('is refused where a required field is missing', () => {
    for (const field of ['host', 'port', 'user', 'known_hosts', 'expires_at']) {
      assert.throws(() => parse({[field]: undefined}), {code: 'unsafe_bundle', facts: {field}})
    }
  })

  it('is never half taken: any JSON value gives a refusal, or facts that are in the allow-lists', () => {
    const hostile = readdirSync(BUNDLES).flatMap((name) =>
      (fixture(name) as HostileValues).cases.map(({value}) => value),
    )
    const value = fc.oneof(
      fc.constantFrom(...hostile),
      fc.jsonValue(),
      fc.ipV4Extended(),
      fc.ipV6(),
      fc.webUrl(),
      fc.string(),
    )
    const patch = fc.dictionary(fc.constantFrom(...Object.keys(good)), value, {maxKeys: 2})
    fc.assert(
      fc.property(
        fc.oneof(
          patch.map((one) => ({...good, ...one})),
          fc.jsonValue(),
        ),
        fc.boolean(),
        (raw, mayBeLocal) => {
          assertSafe(raw, mayBeLocal)
        },
      ),
      {numRuns: 3000},
    )
  })
})

const assertSafe = (raw: unknown, mayBeLocal: boolean): void => {
  try {
    const {host, port, user, hostKeys, expiresAt, workdir, webUrl} = parseConnectionBundle(raw, {mayBeLocal})
    assert.match(host, /^[A-Za-z0-9_:.][A-Za-z0-9_:.-]*$/)
    assert.match(user, /^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/)
    assert.ok(Number.isInteger(port) && port > 0 && port < 65_536)
    assert.ok(hostKeys.length > 0)
    for (const {type, base64} of hostKeys) assert.match(`${type} ${base64}`, /^[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}$/)
    assert.ok(!Number.isNaN(expiresAt.getTime()))
    if (workdir !== undefined)
      assert.match(workdir, /^\/[^\p{C}\p{Z}'"`$\\;&|<>*?()]*(?: [^\p{C}\p{Z}'"`$\\;&|<>*?()]*)*$/u)
    if (webUrl !== undefined) assert.match(webUrl, /^https:\/\/[^@/?#\p{Cc}]+\/[^?#\p{Cc}]*$/u)
  } catch (error) {
    if (!(error instanceof UnsafeBundleError)) throw error
  }
}
