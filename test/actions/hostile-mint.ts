import assert from 'node:assert/strict'
import {lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import fc from 'fast-check'
import type {Context} from '../../src/actions/context.ts'
import {mintSession} from '../../src/actions/mint-session.ts'
import {deadlineIn} from '../../src/core/deadline.ts'
import {RuncodeError} from '../../src/core/errors.ts'
import {run} from '../../src/core/process.ts'
import type {ControlPlane} from '../../src/provider/control-plane.ts'
import type {OpenedSession} from '../../src/session/open-session.ts'
import type {Session} from '../../src/session/session.ts'
import {parseConnectionBundle} from '../../src/workspace/connection-bundle.ts'
import type {WorkspaceId} from '../../src/workspace/workspace.ts'

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'))

export const GOOD_BUNDLE = fixture('good-bundle.json') as Readonly<Record<string, unknown>>
export const NOW = new Date('2030-01-02T02:34:05Z')
export const TTL_SECONDS = 1800

/** What a control plane says when it is asked for a pass. */
export interface Saying {
  readonly bundle: unknown
  /** Its own clock. */
  readonly date: Date | undefined
  /** It is on this machine itself. */
  readonly isLocal: boolean
}

/** A machine with a home, a state folder and a place for control sockets, all below one folder. */
export class Machine {
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), 'rc-m-')))
  readonly root: string
  readonly warnings: string[] = []

  /** `name` is that of a folder on the way to all of it. */
  constructor(name = 'm') {
    this.root = join(this.#folder, name)
    mkdirSync(this.root, {mode: 0o700})
    for (const name of ['home', 'state', 'sockets', 'tmp']) mkdirSync(join(this.root, name), {mode: 0o700})
  }

  /** Asks a control plane for a pass, in earnest: a key pair, the parsers, the files. */
  mint(said: Saying | ((publicKey: string) => Saying), {force = false} = {}): Promise<OpenedSession> {
    const owner = {account: 'x', origin: 'https://cp.example.test', workspaceId: '41' as WorkspaceId}
    const refuse = () => Promise.reject(new TypeError('not asked for'))
    const plane: ControlPlane = {
      ...{listWorkspaces: async () => [], startWorkspace: refuse, stopWorkspace: refuse},
      mint: async ({publicKey}) => {
        const {bundle, date, isLocal} = typeof said === 'function' ? said(publicKey) : said
        return {
          bundle: parseConnectionBundle(JSON.parse(JSON.stringify(bundle) ?? 'null'), {mayBeLocal: isLocal}),
          ...{date, streams: 'bytes'},
        }
      },
    }
    const deadline = deadlineIn(60_000, new AbortController().signal)
    return mintSession(this.#context(), owner, plane, {ttlSeconds: TTL_SECONDS, force, deadline, title: 'any'})
  }

  /** Every path below the folder, files with what is in them. */
  tree(): ReadonlyMap<string, string> {
    const paths = readdirSync(this.root, {recursive: true, encoding: 'utf8'}).toSorted()
    return new Map(
      paths.map((path) => {
        const stats = lstatSync(join(this.root, path))
        return [path, stats.isFile() ? readFileSync(join(this.root, path), 'latin1') : `mode ${stats.mode}`]
      }),
    )
  }

  /** What the real ssh makes of the config of a session, sorted. */
  async resolve({configFile, alias}: Session): Promise<readonly string[]> {
    const {ending, stdout, stderr} = await run('ssh', ['-G', '-T', '-F', configFile, alias], {env: this.env})
    assert.deepEqual([ending, stderr], [{kind: 'exited', code: 0}, ''])
    return stdout.trim().split('\n').toSorted()
  }

  remove(): void {
    rmSync(this.#folder, {recursive: true, force: true})
  }

  get env(): NodeJS.ProcessEnv {
    const at = (name: string): string => join(this.root, name)
    return {PATH: process.env['PATH'], HOME: at('home'), TMPDIR: at('tmp'), SSH_AUTH_SOCK: at('agent')}
  }

  #context(): Context {
    const at = (name: string): string => join(this.root, name)
    return {
      env: this.env,
      cwd: at('home'),
      home: at('home'),
      folders: {
        config: at('home/config'),
        state: at('state'),
        cache: at('home/cache'),
        sockets: [at('sockets')],
        legacyTokenFile: at('home/token'),
      },
      program: {node: process.execPath, script: at('run.js')},
      now: () => ({date: NOW, uptimeSeconds: 1000, sleptSeconds: 0}),
      interrupted: new AbortController().signal,
      progress: {step: (_title, work) => work(() => undefined)},
      warn: (message) => void this.warnings.push(message),
    }
  }
}

/** Pieces that mean something to a parser somewhere on the way to ssh. */
const BARBS = [
  ...[
    '\n',
    '\r',
    '\u0000',
    '\t',
    ' ',
    '"',
    "'",
    '\\',
    '`',
    '#',
    '=',
    ',',
    '*',
    '?',
    '!',
    '|',
    ';',
    '%',
    '%h',
    '%%',
    '~',
    '@',
  ],
  ...[
    // biome-ignore lint/suspicious/noTemplateCurlyInString: ssh_config expands this form.
    '${HOME}',
    '$(id)',
    '-',
    '--',
    '-oProxyCommand=id',
    '/..',
    '../',
    '\u202e',
    '\u200b',
    '\u0301',
    '\ud800',
    '\u0430',
    ':',
    '[',
    ']',
  ],
  ...[
    '\nProxyCommand id\n',
    '\n  ProxyJump evil\n',
    '\nMatch exec "id"\n',
    '\nInclude /etc/passwd\n',
    '\n@cert-authority * ',
  ],
]

interface Corpus {
  readonly cases: readonly {readonly value: unknown}[]
}

const FIELDS = Object.keys(GOOD_BUNDLE)
const known = new Map(
  FIELDS.map((field) => [
    field,
    (fixture(`hostile-bundles/${field.replaceAll('_', '-')}.json`) as Corpus).cases.map(({value}) => value),
  ]),
)

const barbed = (text: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...BARBS), fc.nat(text.length))
    .map(([barb, at]) => `${text.slice(0, at)}${barb}${text.slice(at)}`)

const honest: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc
  .record({
    host: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.constant('gw')),
    port: fc.oneof(fc.integer({min: 1, max: 65_535}), fc.integer({min: 1, max: 65_535}).map(String), fc.constant(22)),
    user: fc.stringMatching(/^[A-Za-z0-9._][A-Za-z0-9._-]{0,30}$/),
  })
  .map((one) => ({...GOOD_BUNDLE, ...one}))

const hostile = honest.chain((bundle) =>
  fc.constantFrom(...FIELDS).chain((field) => {
    const value = bundle[field]
    return fc
      .oneof(
        {weight: 4, arbitrary: typeof value === 'string' ? barbed(value) : fc.jsonValue()},
        {weight: 3, arbitrary: fc.constantFrom(...(known.get(field) ?? [null]))},
        {weight: 1, arbitrary: fc.jsonValue({noUnicodeString: false})},
      )
      .map((poison) => ({...bundle, [field]: poison}))
  }),
)

/** Honest and hostile sayings, about as many of each as make both ends likely. */
export const sayings: fc.Arbitrary<Saying> = fc.record({
  bundle: fc.oneof(
    {weight: 2, arbitrary: honest},
    {weight: 5, arbitrary: hostile},
    {weight: 1, arbitrary: fc.jsonValue()},
  ),
  date: fc.oneof(
    {weight: 4, arbitrary: fc.constantFrom(undefined, NOW)},
    {weight: 1, arbitrary: fc.date({noInvalidDate: true})},
  ),
  isLocal: fc.boolean(),
})

/** Keywords of our config; nothing else may ever stand there. */
const OURS = new Set(
  `HostName Port User IdentityFile IdentitiesOnly IdentityAgent AddKeysToAgent UserKnownHostsFile GlobalKnownHostsFile
  StrictHostKeyChecking HostKeyAlgorithms UpdateHostKeys VerifyHostKeyDNS KnownHostsCommand CheckHostIP CanonicalizeHostname
  PreferredAuthentications PubkeyAuthentication PasswordAuthentication KbdInteractiveAuthentication HostbasedAuthentication
  BatchMode ForwardAgent ForwardX11 PermitLocalCommand RemoteCommand Tunnel ConnectTimeout ServerAliveInterval
  ServerAliveCountMax ControlMaster ControlPath ControlPersist IgnoreUnknown`.split(/\s+/),
)

/** What of a resolved config belongs to one session; all the rest is the same for every session there is. */
const OWN_LINES = /^(?:host|hostname|port|user|identityfile|userknownhostsfile|controlpath|hostkeyalgorithms) /

/**
 * Mints once on a machine of its own. Either it is refused and the machine is as it was, or what lies there is ours alone,
 * for the real ssh too. `plain` is what ssh resolves for a good session without the lines of OWN_LINES.
 */
export async function assertRefusedOrOurs(saying: Saying, plain: readonly string[]): Promise<'refused' | 'ours'> {
  const machine = new Machine()
  try {
    const before = machine.tree()
    const opened = await machine.mint(saying).catch((error: unknown) => {
      if (!(error instanceof RuncodeError)) throw error
      return error
    })
    if (opened instanceof RuncodeError) {
      assert.ok(['unsafe_bundle', 'bad_answer'].includes(opened.code), opened.code)
      assert.deepEqual(machine.tree(), before)
      return 'refused'
    }
    const {port, user} = saying.bundle as {port: number | string; user: string}
    const {host} = parseConnectionBundle(saying.bundle, {mayBeLocal: saying.isLocal})
    await assertOurs(machine, opened.session, {host, port: Number(port), user}, plain)
    return 'ours'
  } finally {
    machine.remove()
  }
}

const assertOurs = async (
  machine: Machine,
  session: Session,
  {host, port, user}: {host: string; port: number; user: string},
  plain: readonly string[],
): Promise<void> => {
  const {folder, alias, controlPath, lifetimeSeconds} = session
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  assert.equal(alias, `runcode-${user}`)
  assert.ok(lifetimeSeconds > 0 && lifetimeSeconds <= TTL_SECONDS + 60)
  assert.deepEqual(readdirSync(folder).toSorted(), [
    'config',
    'id_ed25519',
    'id_ed25519.pub',
    'known_hosts',
    'session.json',
  ])

  const [first, ...lines] = read('config').trimEnd().split('\n')
  assert.equal(first, `Host ${alias}`)
  const keywords = lines.map((line) => /^ {2}([A-Za-z0-9]+) (?:"[^"]+"|[!-~]+)$/.exec(line)?.[1] ?? line)
  assert.deepEqual(
    keywords.filter((keyword) => !OURS.has(keyword)),
    [],
  )
  assert.equal(new Set(keywords).size, keywords.length)

  const pins = read('known_hosts')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '))
  const name = port === 22 ? host : `[${host}]:${port}`
  for (const pin of pins) assert.deepEqual([pin[0], pin.length], [name, 3])

  const resolved = await machine.resolve(session)
  const types = [...new Set(pins.map(([, type]) => (type === 'ssh-rsa' ? 'rsa-sha2-512,rsa-sha2-256' : type)))]
  assert.deepEqual(
    resolved.filter((line) => OWN_LINES.test(line)),
    [
      `controlpath ${controlPath}`,
      ...(resolved.some((line) => line.startsWith('host ')) ? [`host ${alias}`] : []),
      `hostkeyalgorithms ${types.join(',')}`,
      `hostname ${host}`,
      `identityfile ${join(folder, 'id_ed25519')}`,
      `port ${port}`,
      `user ${user}`,
      `userknownhostsfile ${join(folder, 'known_hosts')}`,
    ],
  )
  assert.deepEqual(
    resolved.filter((line) => !OWN_LINES.test(line)),
    plain,
  )
}

/** What the real ssh resolves for a good session, without what is its own. */
export async function resolveGood(): Promise<readonly string[]> {
  const machine = new Machine()
  try {
    const {session} = await machine.mint({bundle: GOOD_BUNDLE, date: NOW, isLocal: false})
    return (await machine.resolve(session)).filter((line) => !OWN_LINES.test(line))
  } finally {
    machine.remove()
  }
}
