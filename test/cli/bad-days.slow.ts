import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync} from 'node:fs'
import {createServer, type Server, type Socket} from 'node:net'
import {join} from 'node:path'
import {pidSpace, processStart} from '../../src/core/process-identity.ts'
import {badDays} from '../support/bad-day.ts'
import type {PlannedAnswer} from '../support/fake-control-plane.ts'
import {runcode} from '../support/runcode.ts'

const ID = '7'
const LIST = '/api/rc/workspaces?category=active'
const MINT = `/api/rc/workspace/${ID}/ssh-session`
const FOUND = ['Looking for calm-reed: done']
const PASSED = [...FOUND, 'Taking a pass: done']
const UNHEARD = 'Nothing listens there. Where it is the server of this machine, start that: runcode server up'
const ONLINE = 'Check that this machine is online, then look at "runcode doctor".'
const LONGER = 'It may still be starting. Try again with a longer --timeout.'
const NO_SSH = 'Install the OpenSSH client (Debian: apt-get install openssh-client) and try again.'
const DOCTOR = 'Look at "runcode doctor".'

/**
 * One sentence, one hint, one status, and nothing half-written, whatever breaks. Each text is asserted whole, for a person
 * and under --json; times and addresses of this run are cut out.
 */
describe('on a worse day', function () {
  this.timeout(120_000)
  const {home, state, plane, row, answerList, answerPower, answerMint, start, plain, isSaid, path} = badDays()

  describe('with the name', () => {
    for (const args of [
      ['start', 'nope'],
      ['stop', 'nope'],
      ['open', 'nope'],
      ['ssh', 'nope', '--', 'true'],
    ]) {
      it(`of no workspace: ${args.join(' ')}`, () =>
        isSaid({
          args,
          status: ['exec', 'ssh'].includes(args[0] ?? '') ? 125 : 2,
          code: 'not_found',
          message: 'There is no workspace "nope".',
          hint: 'See what there is: runcode list',
        }))
    }

    for (const args of [['stop'], ['disconnect']]) {
      it(`left out where nothing is attached: ${args.join(' ')}`, () =>
        isSaid({
          args,
          status: 1,
          code: 'not_attached',
          message: 'No workspace is attached to ~/tree.',
          hint: 'Attach one: runcode connect <workspace>',
          facts: {cwd: '~/tree', attached_elsewhere: []},
        }))
    }
  })

  describe('with the power', () => {
    beforeEach(() => answerList(row({current_state: 'stopped'})))

    for (const [args, steps] of [
      [['start', 'calm-reed'], []],
      [['connect', 'calm-reed', '--start'], FOUND],
    ] as const) {
      it(`refused: ${args.join(' ')}`, () => {
        answerPower('start', {error: true, message: 'insufficient balance'})
        return isSaid({
          args,
          status: 2,
          code: 'start_failed',
          message: 'The control plane refused to start the workspace: insufficient balance',
          hint: 'Do what it asks for, then try again.',
          before: steps,
        })
      })

      it(`never on: ${args.join(' ')}`, () => {
        answerPower('start', {error: false, message: 'ok'})
        return isSaid({
          args: [...args, '--timeout', '1s'],
          status: 2,
          code: 'not_ready',
          message: 'The workspace "Calm" is not running (stopped) after a while.',
          hint: LONGER,
          retryable: true,
          facts: {workspace_id: ID, state: 'stopped'},
          before: steps,
        })
      })
    }

    for (const args of [
      ['start', 'calm-reed'],
      ['start', 'calm-reed', '--no-wait'],
      ['connect', 'calm-reed', '--start'],
    ]) {
      it(`on its way down, which is waited for: ${args.join(' ')}`, async () => {
        const asked: string[] = []
        const states = ['stopping', 'stopping', 'stopped', 'running']
        plane().on('GET', LIST, () => {
          const [current_state] = states.length > 1 ? states.splice(0, 1) : states
          asked.push(`list: ${current_state}`)
          return {status: 200, body: {error: false, data: {workspaces: [row({current_state})]}}}
        })
        plane().on('GET', '/api/rc/workspace/start', () => {
          asked.push('start')
          return {status: 200, body: {error: false, message: 'ok'}}
        })
        await start({args, env: {}})
        assert.deepEqual(asked.slice(0, 4), ['list: stopping', 'list: stopping', 'list: stopped', 'start'])
      })
    }

    it('on its way down for ever', () => {
      answerList(row({current_state: 'stopping'}))
      return isSaid({
        args: ['start', 'calm-reed', '--timeout', '1s'],
        status: 2,
        code: 'not_ready',
        message: 'The workspace "Calm" is still being stopped (stopping) after a while.',
        hint: LONGER,
        retryable: true,
        facts: {workspace_id: ID, state: 'stopping'},
      })
    })

    it('not to be turned off', () => {
      answerPower('stop', {error: true, message: 'a backup is running'})
      return isSaid({
        args: ['stop', 'calm-reed'],
        status: 2,
        code: 'stop_failed',
        message: 'The control plane refused to stop the workspace: a backup is running',
        hint: 'See whether it runs: runcode list',
      })
    })
  })

  describe('with a gateway', () => {
    const REFUSED = 'ssh: connect to host 127.0.0.1 port 1: Connection refused'
    const DOWN = `Could not connect to the gateway 127.0.0.1: ${REFUSED}`
    const servers: Server[] = []
    const listen = async (onClient: (socket: Socket) => void): Promise<void> => {
      const server = createServer((socket) => onClient(socket.on('error', () => undefined)))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      servers.push(server)
      const address = server.address()
      answerMint({port: typeof address === 'object' ? address?.port : 0})
    }
    after(() => {
      for (const server of servers) server.close()
    })

    it('that is down, until the time is over', () =>
      isSaid({
        args: ['connect', 'calm-reed', '--wait', '--timeout', '2s'],
        status: 2,
        code: 'not_ready',
        message: `The workspace "Calm" does not answer over SSH after a while: ${DOWN}`,
        hint: LONGER,
        retryable: true,
        facts: {workspace_id: ID, state: 'running', last_failure: 'connection_failed'},
        before: PASSED,
      }))

    it('that takes the connection and says nothing', async () => {
      await listen(() => undefined)
      await isSaid({
        args: ['connect', 'calm-reed', '--timeout', '2s'],
        status: 1,
        code: 'connection_failed',
        message: 'Could not connect to the gateway 127.0.0.1: it did not answer in time',
        hint: ONLINE,
        retryable: true,
        facts: {host: '127.0.0.1'},
        before: PASSED,
      })
    })

    it('that hangs up before its banner', async () => {
      await listen((socket) => socket.end())
      await isSaid({
        args: ['exec', '-w', 'calm-reed', '--', 'true'],
        status: 125,
        code: 'connection_failed',
        message: 'Could not connect to the gateway 127.0.0.1: Connection closed by 127.0.0.1 port <port>',
        hint: ONLINE,
        retryable: true,
        facts: {host: '127.0.0.1'},
      })
    })

    it('that is something else than an SSH server', async () => {
      await listen((socket) => socket.end(`${'HTTP/1.1 400 Bad Request\r\n'.repeat(2000)}`))
      const {status, stdout} = await start({args: ['connect', 'calm-reed']}, ['--json'])
      assert.deepEqual([status, JSON.parse(stdout).error], [1, 'connection_failed'])
    })
  })

  describe('with a control plane', () => {
    const at = (status: number): string => `https://plane answered ${status}: words of it`
    const answer = (status: number, headers: Record<string, string> = {}): PlannedAnswer => ({
      ...{status, headers, body: {error: true, message: 'words of it'}},
    })
    const OUT_OF_ORDER = 'The service is out of order, or SSH is not enabled there. Try again later.'
    for (const [status, code, hint, headers, facts] of [
      [400, 'bad_request', 'The control plane may be older or newer than runcode. Look at "runcode doctor".'],
      [403, 'forbidden', 'Ask whoever owns the workspace, or whoever runs the control plane.'],
      [
        404,
        'not_found',
        'See what there is (runcode list), and check the address of the control plane (runcode doctor).',
      ],
      [409, 'conflict', 'It may be stopped; try: runcode connect <workspace> --start --wait'],
      [429, 'rate_limited', 'Wait a little, then try again.'],
      [429, 'rate_limited', 'Wait a little, then try again.', {'retry-after': '3600'}, {retry_after_seconds: 3600}],
      [500, 'http_error', 'Try again later; if it stays so, tell whoever runs the control plane.'],
      [503, 'unavailable', OUT_OF_ORDER],
      [503, 'unavailable', OUT_OF_ORDER, {'retry-after': '7200'}, {retry_after_seconds: 7200}],
    ] as const) {
      it(`that answers ${status}${headers === undefined ? '' : ' with a Retry-After'}`, () => {
        plane().on('GET', LIST, () => answer(status, headers))
        const retryable = status === 429 || status === 503
        return isSaid({
          ...{args: ['list'], status: 2, code, hint, retryable},
          ...{message: at(status), facts: {status, ...facts}},
        })
      })
    }

    for (const [status, code] of [
      [404, 'not_found'],
      [409, 'conflict'],
    ] as const) {
      it(`that answers ${status} when a pass is taken`, async () => {
        plane().on('POST', MINT, () => answer(status))
        const {status: exit, stdout} = await start({args: ['connect', 'calm-reed']}, ['--json'])
        assert.deepEqual([exit, JSON.parse(stdout).error, plain(JSON.parse(stdout).message)], [2, code, at(status)])
      })
    }

    it('that refuses the session', () => {
      plane().on('POST', MINT, () => answer(200))
      return isSaid({
        ...{args: ['connect', 'calm-reed'], status: 2, code: 'conflict', before: FOUND},
        message: 'The control plane refused the session: words of it',
        hint: 'It may be stopped; try: runcode connect <workspace> --start --wait',
      })
    })

    it('that answers with a page', () => {
      plane().on('GET', LIST, () => ({status: 200, body: '<html>'}))
      return isSaid({
        ...{args: ['list'], status: 2, code: 'bad_answer', facts: {origin: 'https://plane'}},
        message: 'https://plane gave an answer that cannot be understood: it is no JSON object.',
        hint: 'Check the address of the control plane: "runcode doctor" shows it.',
      })
    })

    it('that says nothing', () => {
      plane().on('GET', LIST, () => new Promise(() => undefined))
      return isSaid({
        ...{args: ['start', 'calm-reed', '--timeout', '1s'], status: 2, code: 'network', retryable: true},
        message: 'Could not reach https://plane: it gave no whole answer in time.',
        hint: 'Try again; "runcode doctor" tells more.',
        facts: {origin: 'https://plane'},
      })
    })

    for (const [what, base, why, hint] of [
      ['is down', 'https://127.0.0.1:1', 'connect ECONNREFUSED 127.0.0.1:1', UNHEARD],
      [
        ...(['has no address', 'https://nowhere.invalid', 'its name was not found.'] as const),
        'Check the name of the control plane, and that this machine is online.',
      ],
    ] as const) {
      it(`that ${what}`, async () => {
        const env = {RUNCODE_API_BASE: base, RUNCODE_TOKEN: 'rc_x'}
        const {status, stderr} = await start({args: ['list'], env})
        assert.deepEqual([status, stderr], [2, `runcode: Could not reach ${base}: ${why}\nhint: ${hint}\n`])
      })
    }

    it('without a web address for the workspace', () =>
      isSaid({
        ...{args: ['open', 'calm-reed'], status: 1, code: 'no_web_address'},
        message: 'The control plane gives no web address for "calm-reed".',
        hint: 'It can be reached by SSH: runcode ssh 7 --profile fake',
      }))

    for (const [hours, way] of [
      [2, 'ahead of'],
      [-2, 'behind'],
    ] as const) {
      it(`whose clock is ${-hours} hours from ours: warned, and goes on`, async () => {
        const preload = join(home.path, 'clock.cjs')
        const program = `const R = Date; globalThis.Date = class extends R {
          constructor(...a) { a.length === 0 ? super(R.now() + ${hours * 3_600_000}) : super(...a) }
          static now() { return R.now() + ${hours * 3_600_000} }
        }`
        writeFileSync(preload, program)
        const {status, stderr} = await start({
          args: ['connect', 'calm-reed'],
          env: {NODE_OPTIONS: `--require ${preload}`},
        })
        const warning = `warning: The clock of this machine is 2h ${way} that of the control plane.`
        const lines = [
          FOUND[0],
          warning,
          PASSED[1],
          `runcode: Could not connect to the gateway 127.0.0.1: ${'ssh: connect to host 127.0.0.1 port 1: Connection refused'}`,
          `hint: ${UNHEARD}`,
          '',
        ]
        assert.deepEqual([status, plain(stderr)], [1, lines.join('\n')])
      })
    }
  })

  describe('with the programs of OpenSSH', () => {
    const WORDS = ['-w', 'calm-reed', '--', 'true']
    /** What ssh has to say of itself goes where -E names a file. */
    const INTO_ITS_LOG = 'while getopts E:o:F:T word; do [ "$word" != E ] || exec 2>>"$OPTARG"; done'
    /** Where nobody can tell whether the command began, there may be output. */
    const NO_OUTPUT = {stdout: '', stderr: '', truncated: false}

    for (const [missing, there, args, before] of [
      ['ssh', 'ssh-keygen', ['ssh', 'calm-reed', '--', 'true'], []],
      ['ssh-keygen', 'ssh', ['connect', 'calm-reed'], FOUND],
    ] as const) {
      it(`but ${missing}: ${args[0]}`, () =>
        isSaid({
          ...{args, status: args[0] === 'connect' ? 1 : 125, code: 'missing_program', hint: NO_SSH, before},
          ...{message: `The program "${missing}" was not found on PATH.`, facts: {program: missing}},
          env: path([there]),
        }))
    }

    it('of which ssh cannot be executed', () => {
      const env = path(['ssh-keygen'])
      writeFileSync(join(home.path, 'bin/ssh'), '', {mode: 0o644})
      return isSaid({
        ...{args: ['connect', 'calm-reed'], status: 1, code: 'missing_program', hint: NO_SSH, before: PASSED, env},
        ...{message: 'The program "ssh" was not found on PATH.', facts: {program: 'ssh'}},
      })
    })

    for (const [what, text, message] of [
      [
        'is too old',
        `${INTO_ITS_LOG}; echo "c: line 7: Bad configuration option: x" >&2; echo "c: terminating, 1 bad configuration options" >&2; exit 255`,
        'ssh ended with status 255: c: terminating, 1 bad configuration options',
      ],
      ['is killed', 'kill -9 $$', 'ssh was ended by SIGKILL'],
    ] as const) {
      for (const args of [
        ['connect', 'calm-reed', '--wait'],
        ['exec', ...WORDS],
      ]) {
        it(`of which ssh ${what}: ${args[0]}`, () =>
          isSaid({
            ...{args, status: args[0] === 'exec' ? 125 : 1, code: 'ssh_failed', message, hint: DOCTOR},
            ...{
              facts: {program: 'ssh', ...(args[0] === 'exec' && what === 'is killed' ? NO_OUTPUT : {})},
              before: args[0] === 'exec' ? [] : PASSED,
              env: path(['ssh-keygen', 'sh'], {ssh: text}),
            },
          }))
      }
    }

    it('of which ssh talks nonsense', () =>
      isSaid({
        ...{args: ['exec', ...WORDS], status: 125, code: 'ssh_failed', hint: DOCTOR},
        facts: {program: 'ssh', ...NO_OUTPUT},
        message: 'ssh ended with status 2: usage: something',
        env: path(['ssh-keygen', 'sh'], {ssh: 'echo "usage: something" >&2; exit 2'}),
      }))

    it('of which ssh talks nonsense and ends as for a lost connection', () =>
      isSaid({
        ...{args: ['exec', ...WORDS], status: 125, code: 'connection_lost'},
        facts: {host: '127.0.0.1', ...NO_OUTPUT},
        message: 'The connection to 127.0.0.1 was lost while the command may have been running.',
        hint: 'Look on the workspace what it did before you run it again.',
        env: path(['ssh-keygen', 'sh'], {ssh: 'echo nonsense >&2; exit 255'}),
      }))

    it('of which ssh hangs, for no longer than --timeout', async () => {
      const began = Date.now()
      await isSaid({
        ...{args: ['connect', 'calm-reed', '--timeout', '2s'], status: 1, code: 'connection_failed', retryable: true},
        ...{hint: ONLINE, facts: {host: '127.0.0.1'}, before: PASSED},
        message: 'Could not connect to the gateway 127.0.0.1: it did not answer in time',
        env: path(['ssh-keygen', 'sh', 'sleep'], {ssh: 'exec sleep 30'}),
      })
      assert.ok(Date.now() - began < 12_000)
    })

    it('of which ssh-keygen hangs with a child of its own, for no longer than --timeout', async () => {
      const began = Date.now()
      await isSaid({
        ...{args: ['connect', 'calm-reed', '--timeout', '2s'], status: 1, code: 'ssh_failed', hint: DOCTOR},
        ...{message: 'ssh-keygen did not end in time', facts: {program: 'ssh-keygen'}, before: FOUND},
        // Or who comes second may only have waited for the other.
        ...{env: path(['ssh', 'sh', 'sleep'], {'ssh-keygen': 'sleep 15'}), inTurn: true},
      })
      assert.ok(Date.now() - began < 12_000)
    })
  })

  describe('with this machine', () => {
    it('where a file is in the way of our folder', async () => {
      const file = join(home.path, 'file')
      writeFileSync(file, '')
      const path = '~/file/runcode/cli/sessions/fake/7'
      await isSaid({
        ...{args: ['connect', 'calm-reed'], status: 1, code: 'file_error', before: FOUND, facts: {path}},
        message: `Could not write ${path}: ENOTDIR: not a directory, mkdir '${path}'`,
        hint: 'Check the path, and where it was set.',
        env: {XDG_STATE_HOME: file},
      })
    })

    it('without the CA file that was named', () =>
      isSaid({
        ...{args: ['list'], status: 1, code: 'file_error', facts: {path: '/nope'}, env: {RUNCODE_CA_FILE: '/nope'}},
        message: "Could not read /nope: ENOENT: no such file or directory, open '/nope'",
        hint: 'Check the path, and where it was set.',
      }))

    it('where another runcode is at work', async () => {
      const folder = join(state, 'sessions/fake/7')
      mkdirSync(folder, {recursive: true, mode: 0o700})
      const holder = {pid: process.pid, started: await processStart(process.pid), space: await pidSpace(), nonce: 'x'}
      writeFileSync(join(folder, 'lock'), JSON.stringify(holder))
      const lock = '~/.local/state/runcode/cli/sessions/fake/7/lock'
      await isSaid({
        ...{args: ['connect', 'calm-reed', '--timeout', '4s'], status: 1, code: 'locked', retryable: true},
        message: `Another runcode (process ${process.pid}) is still at work here.`,
        hint: `Try again when it has ended. If no such process is yours, remove ${lock}.`,
        facts: {lock, pid: process.pid},
        before: FOUND,
      })
    })

    it('where our folder is open to others', async () => {
      const path = join(home.path, 'open/runcode/cli')
      mkdirSync(path, {recursive: true, mode: 0o755})
      await isSaid({
        ...{args: ['connect', 'calm-reed'], status: 1, code: 'unsafe_folder', before: FOUND},
        message: 'The folder ~/open/runcode/cli is open to other users.',
        hint: 'Look at it (ls -ld ~/open/runcode/cli); it must be yours, mode 0700, and no link.',
        facts: {path: '~/open/runcode/cli'},
        env: {XDG_STATE_HOME: join(home.path, 'open')},
      })
    })

    it('full or read-only, wherever that strikes: nothing half-written, and the old files stay', async function () {
      const disk = join(home.path, 'disk')
      mkdirSync(disk)
      const mount = (...args: string[]): boolean => spawnSync('mount', args).status === 0
      if (!mount('-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'none', disk)) {
        if (this.test !== undefined) this.test.title += ' (skipped: no mount)'
        this.skip()
      }
      try {
        const env = {XDG_STATE_HOME: join(disk, 'state'), XDG_CONFIG_HOME: join(disk, 'config')}
        cpSync(join(home.path, '.config'), env.XDG_CONFIG_HOME, {recursive: true})
        const config = join(env.XDG_CONFIG_HOME, 'runcode/cli')
        chmodSync(config, 0o700)
        const before = readdirSync(config).map((name) => readFileSync(join(config, name), 'utf8'))
        for (const freeKiB of [0, 4, 8, 12, 16, 20]) {
          rmSync(env.XDG_STATE_HOME, {recursive: true, force: true})
          writeFileSync(join(disk, 'filler'), '')
          const {bavail, bsize} = statfsSync(disk)
          writeFileSync(join(disk, 'filler'), Buffer.alloc(bavail * bsize - freeKiB * 1024))
          const {status, stdout} = await start({args: ['connect', 'calm-reed'], env}, ['--json'])
          const {error, hint} = JSON.parse(stdout)
          const text = 'The disk is full; free some space and repeat the command.'
          assert.deepEqual([freeKiB, status, error, hint], [freeKiB, 1, 'file_error', text])
          const left = readdirSync(env.XDG_STATE_HOME, {recursive: true, withFileTypes: true})
          assert.deepEqual(
            left.filter((one) => one.isFile()).map(({name}) => name),
            [],
          )
        }
        rmSync(join(disk, 'filler'))
        assert.equal(mount('-o', 'remount,ro', disk), true)
        const options = {env: {...home.env, ...env}, cwd: disk, input: 'rc_new'}
        const {status, stdout} = await runcode(['login', '--with-token', '--store', 'file', '--json'], options)
        assert.deepEqual([status, JSON.parse(stdout).error], [1, 'file_error'])
        assert.deepEqual(
          readdirSync(config).map((name) => readFileSync(join(config, name), 'utf8')),
          before,
        )
        const {checks} = JSON.parse((await start({args: ['doctor'], env}, ['--json'])).stdout)
        const {status: verdict} = checks.find(({name}: {name: string}) => name === 'folders')
        assert.equal(verdict, 'fail')
      } finally {
        spawnSync('umount', ['-l', disk])
      }
    })
  })
})
