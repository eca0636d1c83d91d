import assert from 'node:assert/strict'
import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import {type Diagnosis, type DoctorInput, runDoctor} from '../../src/actions/run-doctor.ts'
import {pidSpace} from '../../src/core/process-identity.ts'
import {END} from '../../src/user-ssh-config/block.ts'
import {type ConfigStage, startConfigStage} from '../support/config-stage.ts'
import {type ConnectProxy, startConnectProxy} from '../support/connect-proxy.ts'
import {type FakeControlPlane, startFakeControlPlane} from '../support/fake-control-plane.ts'
import {type RawServer, startRawServer} from '../support/raw-server.ts'
import {until} from '../support/until.ts'

const TOKEN = 'rc_test-token'
const isRoot = process.getuid?.() === 0

/** What breaks in practice, made one by one with real files, processes and servers; doctor names each, and nothing else. */
describe('doctor names', function () {
  this.timeout(60_000)
  let stage: ConfigStage
  let plane: FakeControlPlane
  let proxy: ConnectProxy
  let raw: RawServer
  let answer: {status: number; headers?: Readonly<Record<string, string>>; body: unknown}

  before(async () => {
    stage = await startConfigStage()
    plane = await startFakeControlPlane()
    proxy = await startConnectProxy()
    raw = await startRawServer((socket) => socket.end('220 mail\r\n'))
    plane.on('GET', '/api/rc/workspaces', () => answer)
  })
  beforeEach(() => {
    stage.clear()
    for (const name of ['bin', 's']) rmSync(at(name), {recursive: true, force: true})
    answer = {status: 200, body: {error: false, data: {workspaces: []}}}
    proxy.answer = undefined
  })
  after(async () => {
    await Promise.all([stage?.stop(), plane?.close(), proxy?.stop()])
    raw?.close()
  })

  const at = (...names: string[]): string => join(stage.home, ...names)
  const config = (name = ''): string => join(stage.context.folders.config, name)
  const state = (name = ''): string => join(stage.context.folders.state, name)
  const make = (folder: string): string => {
    mkdirSync(folder, {recursive: true, mode: 0o700})
    return folder
  }
  const put = (path: string, text: string, mode = 0o600): string => {
    make(join(path, '..'))
    writeFileSync(path, text, {mode})
    chmodSync(path, mode)
    return path
  }
  const edit = (path: string, change: (text: string) => string): void =>
    void put(path, change(readFileSync(path, 'utf8')))
  /** The account whose service a test plays, by the environment alone. */
  const account = (more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({
    ...{RUNCODE_API_BASE: plane.apiBase, RUNCODE_CA_FILE: plane.caFile, RUNCODE_TOKEN: TOKEN},
    ...more,
  })
  const first = (): string => `${at('bin')}:${stage.env['PATH']}`

  const look = async (env: Readonly<Record<string, string>>, input: Partial<DoctorInput> = {}): Promise<Diagnosis> => {
    const program = {...stage.context.program, script: at('opt/bin/run.js')}
    const context = {...stage.context, program, env: {...stage.env, ...env}}
    const found = await runDoctor(context, {profile: undefined, version: '1.2.3', fix: false, ...input})
    assert.equal(JSON.stringify(found).includes(TOKEN), false)
    return found
  }
  /** All but that the home of these tests is not that of the user who runs them. */
  const wrong = ({checks}: Diagnosis): readonly (readonly (string | undefined)[])[] =>
    checks
      .filter(({status, detail}) => (status === 'fail' || status === 'warn') && !detail.startsWith('HOME is '))
      .map(({name, status, detail, hint}) => [`${status} ${name}: ${detail}`, hint])

  it('nothing where nothing is wrong', async () => {
    assert.deepEqual(wrong(await look({})), [])
    assert.deepEqual(wrong(await look(account())), [])
  })

  /** What makes it, in what environment; what is said of it, all of it; and whether --fix takes it away. */
  type Env = Readonly<Record<string, string>>
  type Seed = () => Env | undefined | Promise<Env | undefined>
  type Fault = readonly [what: string, seed: Seed, finding: () => readonly string[], mended?: 'mended']
  /** A file with a secret that others may read. */
  const opened = (what: string, path: () => string): Fault => [
    `${what} that is open to others`,
    () => {
      if (!existsSync(path())) put(path(), 'secret')
      chmodSync(path(), 0o640)
      return undefined
    },
    () => [
      `fail secrets: ${path()} is open to others`,
      'Others may have read it. Close it (chmod 600 <file>), and take a new token where one was in it.',
    ],
    'mended',
  ]
  /** What a process of ours would have taken away, had it not been killed. */
  const left = (what: string, seed: () => unknown, detail: () => string): Fault => [
    what,
    async () => {
      await seed()
      return undefined
    },
    () => [`warn leftovers: ${detail()}`, 'Have them removed: runcode doctor --fix'],
    'mended',
  ]
  /** A file that nobody has touched for years. */
  const putOld = (path: string): void => utimesSync(put(path, '{'), 1e9, 1e9)
  const faults: readonly Fault[] = [
    [
      'an ssh that is missing, and an ssh-keygen',
      () => ({PATH: make(at('bin'))}),
      () =>
        ['ssh', 'ssh-keygen'].flatMap((name) => [
          `fail ${name}: The program "${name}" was not found on PATH.`,
          'Install the OpenSSH client (Debian: apt-get install openssh-client) and try again.',
        ]),
    ],
    [
      'an ssh that is old',
      () => {
        put(at('bin/ssh'), '#!/bin/sh\necho OpenSSH_7.4p1 >&2\n', 0o755)
        return {PATH: first()}
      },
      () => [`warn ssh: ${at('bin/ssh')} (OpenSSH_7.4p1)`, 'Older than 8.4: update the OpenSSH client.'],
    ],
    [
      'an ssh that is another program',
      () => {
        put(at('bin/ssh'), '#!/bin/sh\necho Dropbear v2022.83 >&2\n', 0o755)
        return {PATH: first()}
      },
      () => [`warn ssh: ${at('bin/ssh')} is not OpenSSH (Dropbear v2022.83)`, 'Install the OpenSSH client.'],
    ],
    [
      'a second runcode on PATH',
      () => {
        put(at('bin/runcode'), '#!/bin/sh\n', 0o755)
        return {PATH: first()}
      },
      () => [
        `warn runcode: what PATH finds first is another one, ${at('bin/runcode')}; this is ${at('opt/bin/run.js')}`,
        'Remove one of the two, or put the folder of the right one first in PATH.',
      ],
    ],
    [
      'a NODE_EXTRA_CA_CERTS that is not there',
      () => ({NODE_EXTRA_CA_CERTS: at('none.pem')}),
      () => [
        `warn node-settings: NODE_EXTRA_CA_CERTS names ${at('none.pem')}, which cannot be read; Node says so on stderr at each start`,
        'Name a file that is there, or unset it.',
      ],
    ],
    [
      'a Node that is told to believe anybody',
      () => ({NODE_TLS_REJECT_UNAUTHORIZED: '0'}),
      () => [
        'warn node-settings: NODE_TLS_REJECT_UNAUTHORIZED=0 lets other programs of Node believe anybody; we ask for proof all the same',
        'Unset it, and name the CA that is missing in NODE_EXTRA_CA_CERTS.',
      ],
    ],
    [
      'a folder of ours that is open to others',
      () => {
        chmodSync(make(state()), 0o755)
        return undefined
      },
      () => [
        `fail folders: ${state().replace(/\/$/, '')} is open to other users`,
        'They must be yours, mode 0700, writable, and no links: chmod 700 <folder>',
      ],
      'mended',
    ],
    opened('a file of tokens', () => config('credentials.json')),
    opened('a file of profiles', () => config('profiles.json')),
    opened('a private key', () => state('sessions/fake/1/g1/id_ed25519')),
    left(
      'a file that was left half written',
      () => putOld(config('credentials.json.0123456789ab.tmp')),
      () => `${config('credentials.json.0123456789ab.tmp')} was left half written`,
    ),
    left(
      'a lock of a process that is gone',
      async () => {
        const {pid} = spawnSync('true')
        const words = {pid, started: 'long ago', space: await pidSpace(), nonce: '0'}
        put(state('sessions/fake/1/lock'), JSON.stringify(words))
      },
      () => {
        const [, pid] = /"pid":(\d+)/.exec(readFileSync(state('sessions/fake/1/lock'), 'utf8')) ?? []
        return `${state('sessions/fake/1/lock')} is held by process ${pid}, which is gone`
      },
    ),
    left(
      'a log of an ssh that is gone',
      () => putOld(state(`sessions/fake/1/g1/ssh.${spawnSync('true').pid}.01234567.log`)),
      () => `${state('sessions/fake/1/g1/ssh.PID.01234567.log')} was left by an ssh that is gone`,
    ),
    left(
      'a control socket behind which nobody is',
      async () => {
        const path = join(make(at('.cache/runcode/cli/sockets')), '0123456789abcdef')
        const script = `require('node:net').createServer().listen(process.argv[1], () => console.log('up'))`
        const child = spawn(process.execPath, ['-e', script, path], {env: {}, stdio: ['ignore', 'pipe', 'inherit']})
        await once(child.stdout, 'data')
        child.kill('SIGKILL')
        await once(child, 'close')
        await until(
          () => lstatSync(path).isSocket(),
          () => 'no socket',
        )
      },
      () => `nobody answers at ${at('.cache/runcode/cli/sockets/0123456789abcdef')}`,
    ),
    [
      'profiles that are damaged',
      () => {
        put(config('profiles.json'), '{"version": 1,\n"')
        return undefined
      },
      () => [
        `fail profile: The file ${config('profiles.json')} is damaged: it is not JSON (line 2).`,
        'Mend it, or remove it and log in again.',
      ],
    ],
    [
      'a RUNCODE_PROFILE that is not there',
      () => ({RUNCODE_PROFILE: 'other'}),
      () => ['fail profile: There is no profile "other".', 'There is: fake, work.'],
    ],
    [
      'tokens that are damaged',
      () => {
        put(config('credentials.json'), '{')
        return undefined
      },
      () => [
        `fail token: The file ${config('credentials.json')} is damaged: it is no JSON.`,
        'Remove it and log in again.',
      ],
    ],
    [
      'that there is no token',
      () => {
        rmSync(config('credentials.json'))
        return undefined
      },
      () => [`fail token: There is no token for ORIGIN.`, 'Log in: runcode login --profile fake'],
    ],
    [
      'a token that is not accepted',
      () => {
        answer = {status: 401, body: {detail: 'Invalid token.'}}
        return account()
      },
      () => [
        `fail control-plane: ${plane.apiBase} answered 401: Invalid token.`,
        'The token is not accepted (any more). Set RUNCODE_TOKEN beside RUNCODE_API_BASE, or leave it out and log in: runcode login',
      ],
    ],
    [
      'an address that is not https',
      () => account({RUNCODE_API_BASE: 'http://localhost:1', RUNCODE_TOKEN: ''}),
      () => [
        `fail api-base: The address of the control plane is not https (http://…).`,
        'Use an https address, also on this machine: tokens travel on it.',
      ],
    ],
    [
      'a control plane where nobody listens',
      () => account({RUNCODE_API_BASE: 'https://127.0.0.1:1'}),
      () => [
        'fail tls: Could not reach https://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1',
        'Nothing listens there. Where it is the server of this machine, start that: runcode server up',
      ],
    ],
    [
      'something else that listens there',
      () => account({RUNCODE_API_BASE: `https://127.0.0.1:${raw.port}`}),
      () => [
        `fail tls: Could not reach https://127.0.0.1:${raw.port}: what answers there does not speak TLS as it should.`,
        'The port may be one of plain HTTP, or of another service. Check the address of the control plane: "runcode doctor" shows it.',
      ],
    ],
    [
      'a control plane that nobody vouches for',
      () => account({RUNCODE_CA_FILE: ''}),
      () => [
        `fail tls: Could not reach ${plane.apiBase}: its certificate was signed by "AUTHORITY", which is not among those we trust: those built into Node, those of this system.`,
        'If it has a CA of its own, name that in RUNCODE_CA_FILE or in the profile; if not, someone else answers there.',
      ],
    ],
    [
      'a CA file without a certificate',
      () =>
        account({RUNCODE_CA_FILE: put(at('ca.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')}),
      () => [
        `fail ca-files: The CA file ${at('ca.pem')} holds no certificate.`,
        'It must be PEM text: "-----BEGIN CERTIFICATE-----", one after the other.',
      ],
    ],
    [
      'a clock that is wrong',
      () => {
        const date = new Date(Date.now() + 7_205_000).toUTCString()
        answer = {...answer, headers: {date}}
        return account()
      },
      () => [
        'warn clock: the clock of this machine is 2h behind that of the control plane',
        'Let this machine set its clock by the network (timedatectl set-ntp true). Certificates and passes may count as over.',
      ],
    ],
    [
      'a proxy that is no address, without showing it',
      () => account({RUNCODE_API_BASE: 'https://plane.invalid', HTTPS_PROXY: `socks5://me:${TOKEN}@x`}),
      () => [
        `fail http-proxy: HTTPS_PROXY is not of the form http://[user:password@]host[:port].`,
        'Set HTTPS_PROXY to such an address, special characters of the user and password percent-encoded, or unset it.',
      ],
    ],
    [
      'a proxy that refuses',
      () => {
        proxy.answer = 'HTTP/1.1 407 No\r\n\r\n'
        return account({RUNCODE_API_BASE: 'https://plane.invalid', HTTPS_PROXY: proxy.url})
      },
      () => [
        `fail tls: Could not reach https://plane.invalid by way of the proxy ${new URL(proxy.url).host}: it asks for a user and a password.`,
        'Name them in HTTPS_PROXY: http://user:password@host:port, special characters percent-encoded.',
      ],
    ],
    [
      'a managed block that is damaged',
      async () => {
        await entries()
        edit(stage.file, (text) => text.replace(END, ''))
        return undefined
      },
      () => [
        `fail ssh-config: The markers of runcode's block in ${stage.file} are damaged: it begins and does not end (line 1).`,
        'Mend these lines, or go back to a copy that was kept: runcode config-ssh --restore',
      ],
    ],
    [
      'entries that start what is gone',
      async () => {
        await entries(at('old/bin/run.js'))
        rmSync(at('old'), {recursive: true})
        return undefined
      },
      () => [
        `fail ssh-config: the entries start ${at('old/bin/run.js')}, which is not there`,
        'Write them again: runcode config-ssh',
      ],
      'mended',
    ],
    [
      'an ssh_config that others can write',
      async () => {
        await entries()
        chmodSync(stage.file, 0o602)
        return undefined
      },
      () => [`fail ssh-files: ${stage.file} can be written by others`, `ssh refuses it: chmod go-w ${stage.file}`],
    ],
    [
      'a git that starts another ssh',
      async () => {
        await entries()
        return {GIT_SSH_COMMAND: 'ssh -F /dev/null'}
      },
      () => [
        'warn git-ssh: git starts ssh -F /dev/null (GIT_SSH_COMMAND), which does not go by the entry of runcode.demo',
        'Let git start the ssh that reads your ~/.ssh/config: unset that, or name that ssh there.',
      ],
    ],
    [
      'an entry of a workspace that is gone',
      async () => {
        await entries()
        stage.list('fake', [])
        return undefined
      },
      () => [
        'warn entries: runcode.demo: the workspace 1 is not there any more',
        'Write them again: runcode config-ssh',
      ],
    ],
  ]

  /** Entries of config-ssh that start a program that does what --version of ours does. */
  const entries = async (script = at('opt/bin/run.js')): Promise<void> => {
    stage.write('Host a\n')
    const says = 'console.log("runcode/1.2.3 linux-x64 node-v20.0.0")\n'
    for (const path of [script, at('opt/bin/run.js')]) put(path, says, 0o755)
    stage.list('fake', [{id: 1, title: 'demo'}])
    await stage.make({program: {node: process.execPath, script}})
  }

  for (const [what, seed, finding, mended] of faults) {
    it(`${what}${mended === undefined ? '' : ', and mends it'}`, async () => {
      const env = (await seed()) ?? {}
      const expected = finding()
      const found = await look(env)
      assert.deepEqual(
        wrong(found)
          .flat()
          .map((text) =>
            text
              ?.replace(/ssh\.\d+\.0/, 'ssh.PID.0')
              .replace(/"runcode server [\d-]+"/, '"AUTHORITY"')
              .replace(/for https:\/\/localhost:\d+\./, 'for ORIGIN.'),
          ),
        expected,
      )
      assert.equal(
        found.checks.some(({fixes = []}) => fixes.length > 0),
        mended !== undefined,
      )
      if (mended === undefined) return
      const after = await look(env, {fix: true})
      assert.deepEqual([wrong(after), after.fixed.length], [[], 1])
      assert.deepEqual((await look(env, {fix: true})).fixed, [])
    })
  }
  assert.ok(faults.length >= 25)

  it('a disk that is full', async function () {
    const disk = make(state())
    if (!isRoot || spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m,mode=0700', 'none', disk]).status !== 0) {
      if (this.test) this.test.title += ' (skipped: no mount)'
      return this.skip()
    }
    try {
      put(state('filler'), 'x'.repeat(5 << 18))
      const hint = 'Free some space, or set XDG_STATE_HOME and XDG_CONFIG_HOME to another place.'
      assert.deepEqual(wrong(await look({})), [[`fail disk: ${disk.replace(/\/$/, '')} has 1 MiB left`, hint]])
    } finally {
      spawnSync('umount', ['-l', disk])
    }
  })

  it('nothing to mend in what belongs to others, or is none of ours', async function () {
    if (!isRoot) return this.skip()
    chownSync(config('credentials.json'), 65_534, 65_534)
    chmodSync(config('credentials.json'), 0o644)
    const path = put(state('server/workspaces/1/id_rsa'), 'theirs', 0o644)
    const {checks, fixed} = await look({}, {fix: true})
    const {detail} = checks.find(({name}) => name === 'secrets') ?? assert.fail()
    assert.deepEqual([detail, fixed], [`${config('credentials.json')} belongs to another user`, []])
    assert.deepEqual([lstatSync(path).mode & 0o777, lstatSync(config('credentials.json')).mode & 0o777], [0o644, 0o644])
    assert.equal(existsSync(path), true)
  })
})
