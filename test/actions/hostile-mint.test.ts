import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import fc from 'fast-check'
import {
  assertRefusedOrOurs,
  GOOD_BUNDLE,
  Machine,
  NOW,
  resolveGood,
  type Saying,
  sayings,
  TTL_SECONDS,
} from './hostile-mint.ts'

/** A whole mint, with the real ssh-keygen, the real parsers, real files and the real ssh -G. */
describe('a mint at a hostile control plane', () => {
  let machine: Machine
  beforeEach(() => {
    machine = new Machine()
  })
  afterEach(() => machine.remove())

  const saying = (patch: object = {}, date: Date | undefined = NOW): Saying => ({
    bundle: {...GOOD_BUNDLE, ...patch},
    date,
    isLocal: false,
  })

  it('is refused and leaves nothing, or leaves what is ours alone (the same by hundreds in the slow tests)', async () => {
    const plain = await resolveGood()
    for (const value of ['proxycommand', 'proxyjump', 'localcommand', 'localforward', 'setenv', 'sendenv'])
      assert.deepEqual(
        plain.filter((line) => line.startsWith(`${value} `) && line !== `${value} none`),
        [],
      )
    const seen = {refused: 0, ours: 0}
    await fc.assert(
      fc.asyncProperty(sayings, async (one) => {
        seen[await assertRefusedOrOurs(one, plain)] += 1
      }),
      {numRuns: 60},
    )
    assert.ok(seen.refused >= 5 && seen.ours >= 5, JSON.stringify(seen))
  }).timeout(60_000)

  it('leaves a session at hand as it was where it is refused', async () => {
    const {session} = await machine.mint(saying())
    const before = machine.tree()
    await assert.rejects(machine.mint(saying({user: '-l'}), {force: true}), {code: 'unsafe_bundle'})
    assert.deepEqual(machine.tree(), before)
    assert.deepEqual((await machine.mint(saying())).session, session)
  })

  it('names a host that was taken in the one form by which the real ssh will look for its key', async () => {
    const {cases} = JSON.parse(
      readFileSync(new URL('../fixtures/hostile-bundles/host.json', import.meta.url), 'utf8'),
    ) as {readonly cases: readonly {value: unknown; gives?: string; gives_at_home?: string}[]}
    const hosts = cases.flatMap(({value, gives, gives_at_home: atHome}) => {
      const wanted = gives ?? atHome
      return wanted === undefined ? [] : [[wanted, value] as const]
    })
    for (const [wanted, host] of new Map(hosts)) {
      const {session} = await machine.mint({...saying({host}), isLocal: true}, {force: true})
      assert.ok((await machine.resolve(session)).includes(`hostname ${wanted}`), wanted)
      assert.ok(readFileSync(join(session.folder, 'known_hosts'), 'utf8').startsWith(`[${wanted}]:2222 `), wanted)
    }
  })

  describe('is worth no longer than was asked for', () => {
    for (const [what, expiresAt, date, seconds] of [
      ['for half an hour by the clock of who gave it', '2030-01-02T03:04:05Z', NOW, 1800],
      ['for half an hour by a clock that is wrong', '2001-01-01T00:30:00Z', new Date('2001-01-01T00:00:00Z'), 1800],
      ['for half an hour by our clock, where there is no other', '2030-01-02T03:04:05Z', undefined, 1800],
      ['a little more, rounded up', '2030-01-02T03:04:35Z', NOW, 1830],
      ['a year', '2031-01-01T00:00:00Z', NOW, TTL_SECONDS + 60],
      ['until the year 9999', '9999-12-31T23:59:59Z', NOW, TTL_SECONDS + 60],
      ['by a clock of the year 0', '2030-01-02T03:04:05Z', new Date('0000-01-01T00:00:00Z'), TTL_SECONDS + 60],
      ['by a clock at the end of time', '9999-12-31T23:59:59Z', new Date(-8.64e15), TTL_SECONDS + 60],
    ] as const) {
      it(`where it is given ${what}`, async () => {
        const {session} = await machine.mint({...saying({expires_at: expiresAt}), date})
        assert.equal(session.lifetimeSeconds, seconds)
      })
    }

    for (const [what, expiresAt, date] of [
      ['that is over', '2030-01-02T02:34:05Z', NOW],
      ['of the year 0', '0000-01-01T00:00:00Z', NOW],
      ['that is over by a clock at the end of time', '9999-12-31T23:59:59Z', new Date(8.64e15)],
    ] as const) {
      it(`and is refused where it is a pass ${what}`, async () => {
        await assert.rejects(machine.mint({...saying({expires_at: expiresAt}), date}), {
          code: 'bad_answer',
          message:
            'https://cp.example.test gave an answer that cannot be understood: the pass that it gives is over already.',
        })
      })
    }
  })

  describe('with a certificate that has', () => {
    interface Case {
      readonly attack: string
      /** Options of ssh-keygen. */
      readonly sign: readonly string[]
      readonly key?: 'other'
      readonly cut_bytes?: number
      readonly added_hex?: string
      readonly refused?: string
    }
    const {cases} = JSON.parse(
      readFileSync(new URL('../fixtures/hostile-bundles/certificates.json', import.meta.url), 'utf8'),
    ) as {readonly cases: readonly Case[]}

    const keygen = (...args: readonly string[]): void => {
      const {status, stderr} = spawnSync('ssh-keygen', ['-q', ...args], {encoding: 'utf8'})
      assert.equal(status, 0, stderr)
    }
    const certify = (at: (name: string) => string, publicKey: string, one: Case): string => {
      for (const name of ['ca', 'other']) keygen('-t', 'ed25519', '-N', '', '-f', at(name))
      writeFileSync(at('key.pub'), one.key === 'other' ? readFileSync(at('other.pub')) : `${publicKey}\n`)
      const sign = one.sign.map((word) => word.replace('USER', 'calm-reed'))
      keygen('-s', at('ca'), '-I', 'id', ...(sign.includes('-V') ? [] : ['-V', '-1m:+1h']), ...sign, at('key.pub'))
      const [type, base64 = ''] = readFileSync(at('key-cert.pub'), 'utf8').split(' ')
      const blob = Buffer.from(base64, 'base64')
      const mangled = [blob.subarray(0, blob.length - (one.cut_bytes ?? 0)), Buffer.from(one.added_hex ?? '', 'hex')]
      return `${type} ${Buffer.concat(mangled).toString('base64')}`
    }

    for (const one of cases) {
      it(`${one.attack} is ${one.refused === undefined ? 'taken, and ssh is given it' : 'refused'}`, async () => {
        const signer = new Machine()
        try {
          const before = machine.tree()
          let line = ''
          const minting = machine.mint((publicKey) => {
            line = certify((name) => join(signer.root, 'tmp', name), publicKey, one)
            const credential = {type: 'certificate', certificate: line}
            const expires = new Date(Date.now() + 1_800_000).toISOString()
            return saying({user: 'calm-reed', credential, expires_at: expires}, new Date())
          })
          if (one.refused === undefined) {
            const {session} = await minting
            const file = join(session.folder, 'id_ed25519-cert.pub')
            assert.equal(readFileSync(file, 'utf8'), `${line}\n`)
            assert.ok((await machine.resolve(session)).includes(`certificatefile ${file}`))
            assert.ok(session.lifetimeSeconds <= TTL_SECONDS + 60)
          } else {
            await assert.rejects(minting, {
              code: 'unsafe_bundle',
              message: `The control plane sent connection data that is not safe to use: ${one.refused}.`,
              facts: {field: 'credential'},
            })
            assert.deepEqual(machine.tree(), before)
          }
        } finally {
          signer.remove()
        }
      })
    }
  })
})
