import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import fc from 'fast-check'
import {type ConnectionBundle, parseConnectionBundle, UnsafeBundleError} from '../../src/workspace/connection-bundle.ts'

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'))

const good = fixture('good-bundle.json') as Readonly<Record<string, unknown>>
const parse = (patch: Readonly<Record<string, unknown>>, mayBeLocal = false) =>
  parseConnectionBundle({...good, ...patch}, {mayBeLocal})

/** Values that a hostile control plane may give for one field, each with what must come of it. */
interface HostileField {
  readonly field: string
  readonly cases: readonly (Outcome & {
    readonly value: unknown
    /** A text is meant so many times over. */
    readonly times?: number
    /** What it becomes where the control plane is on this machine itself, which may say what others may not. */
    readonly gives_at_home?: string
  })[]
}

interface Outcome {
  /** What it tries, in words. */
  readonly attack: string
  /** The middle of the sentence that refuses it. */
  readonly refused?: string
  /** The fact that it becomes where it is taken; null where it becomes none. */
  readonly gives?: unknown
}

/** What each field becomes, in the words of JSON. */
const FACTS: Readonly<Record<string, (bundle: ConnectionBundle) => unknown>> = {
  host: ({host}) => host,
  port: ({port}) => port,
  user: ({user}) => user,
  known_hosts: ({hostKeys}) => hostKeys,
  expires_at: ({expiresAt}) => expiresAt.toISOString(),
  workdir: ({workdir}) => workdir ?? null,
  web_url: ({webUrl}) => webUrl ?? null,
  credential: ({certificate}) => certificate ?? null,
  ssh_config: () => null,
}

const FIELDS = Object.keys(FACTS).map(
  (field) => fixture(`hostile-bundles/${field.replaceAll('_', '-')}.json`) as HostileField,
)

const wholeValue = ({value, times}: HostileField['cases'][number]): unknown =>
  times === undefined ? value : String(value).repeat(times)

const refusal = (refused: string, field: string) => ({
  name: 'UnsafeBundleError',
  code: 'unsafe_bundle',
  message: `The control plane sent connection data that is not safe to use: ${refused}.`,
  hint: 'Do not work around this. Report it to whoever runs the control plane.',
  facts: {field},
})

describe('a bundle', () => {
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
    const bundle = parseConnectionBundle({host, port, user, known_hosts, expires_at}, {mayBeLocal: false})
    assert.deepEqual([bundle.workdir, bundle.webUrl, bundle.certificate], [undefined, undefined, undefined])
  })

  for (const {field, cases} of FIELDS) {
    describe(`whose ${field} is, or holds,`, () => {
      for (const one of cases) {
        const {attack, refused, gives, gives_at_home: atHome} = one
        const patch = {[field]: wholeValue(one)}
        if (refused === undefined) {
          it(`${attack}: is taken as just that`, () => {
            assert.deepEqual(FACTS[field]?.(parse(patch)), gives)
            assert.deepEqual({...parse(patch), ...parse({})}, parse({}))
          })
        } else {
          it(`${attack}: is refused${atHome === undefined ? '' : ' from afar'}`, () => {
            assert.throws(() => parse(patch), refusal(refused, field))
            if (atHome === undefined) assert.throws(() => parse(patch, true), refusal(refused, field))
            else assert.equal(parse(patch, true).host, atHome)
          })
        }
      }
    })
  }

  describe('as a whole with', () => {
    const {cases} = fixture('hostile-bundles/whole.json') as {
      readonly cases: readonly (Outcome & {readonly text: string; readonly refused_field?: string})[]
    }
    for (const {attack, text, refused, refused_field: field = ''} of cases) {
      const parseText = () => parseConnectionBundle(JSON.parse(text), {mayBeLocal: false})
      if (refused === undefined) it(`${attack}: is the good one`, () => assert.deepEqual(parseText(), parse({})))
      else it(`${attack}: is refused`, () => assert.throws(parseText, refusal(refused, field)))
    }
  })

  it('is judged in no time, however long and whatever its texts are made of', () => {
    const pieces = [
      ' ',
      'a',
      '.',
      '-',
      '/',
      '\n',
      '=',
      '"',
      '1',
      ':',
      'é',
      'A/',
      '@revoked ',
      'h ssh-ed25519 ',
      'a.',
      'ssh-ed25519-cert-v01@openssh.com ',
    ]
    for (const field of Object.keys(FACTS)) {
      for (const piece of pieces) {
        const text = piece.repeat(1_000_000 / piece.length)
        const value = field === 'credential' ? {type: 'certificate', certificate: text} : text
        const began = performance.now()
        assert.throws(() => parse({[field]: value}), {code: 'unsafe_bundle'})
        assert.ok(performance.now() - began < 1000, `${field}: ${JSON.stringify(piece)}`)
      }
    }
  })

  it('is never half taken: any JSON value gives a refusal, or facts that are in the allow-lists', () => {
    const hostile = FIELDS.flatMap(({cases}) => cases.map(wholeValue))
    const value = fc.oneof(
      fc.constantFrom(...hostile),
      fc.jsonValue(),
      fc.ipV4Extended(),
      fc.ipV6(),
      fc.webUrl(),
      fc.string(),
    )
    const patch = fc.dictionary(fc.constantFrom(...Object.keys(good)), value, {maxKeys: 2})
    const raw = fc.oneof(
      patch.map((one) => ({...good, ...one})),
      fc.jsonValue(),
    )
    const seen = {taken: 0, refused: 0}
    fc.assert(
      fc.property(raw, fc.boolean(), (bundle, mayBeLocal) => {
        seen[assertSafe(bundle, mayBeLocal)] += 1
      }),
      {numRuns: 3000},
    )
    assert.ok(seen.taken > 100 && seen.refused > 100, JSON.stringify(seen))
  })
})

const assertSafe = (raw: unknown, mayBeLocal: boolean): 'taken' | 'refused' => {
  try {
    const {host, port, user, hostKeys, expiresAt, workdir, webUrl} = parseConnectionBundle(raw, {mayBeLocal})
    assert.match(host, /^[a-z0-9_:][a-z0-9_:.-]*$/)
    assert.match(user, /^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/)
    assert.ok(Number.isInteger(port) && port > 0 && port < 65_536)
    assert.ok(hostKeys.length > 0)
    for (const {type, base64} of hostKeys) assert.match(`${type} ${base64}`, /^[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}$/)
    assert.ok(!Number.isNaN(expiresAt.getTime()))
    if (workdir !== undefined)
      assert.match(workdir, /^\/[^\p{C}\p{Z}'"`$\\;&|<>*?()]*(?: [^\p{C}\p{Z}'"`$\\;&|<>*?()]*)*$/u)
    if (webUrl !== undefined) assert.match(webUrl, /^https:\/\/[a-z0-9.:[\]_-]+\/[!-~]*$/)
    return 'taken'
  } catch (error) {
    if (!(error instanceof UnsafeBundleError)) throw error
    return 'refused'
  }
}
