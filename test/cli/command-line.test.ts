import assert from 'node:assert/strict'
import {useFakeAccount} from '../support/fake-account.ts'
import {type FakeControlPlane, startFakeControlPlane} from '../support/fake-control-plane.ts'
import {type Run, runcode} from '../support/runcode.ts'
import {temporaryHome} from '../support/temporary-home.ts'

/** What the command line promises whatever the command: one JSON object, exit statuses, nothing taken from a pipe. */
describe('the command line', function () {
  this.timeout(30_000)
  const home = temporaryHome()
  const run = (args: readonly string[], options: {input?: string; env?: Record<string, string>} = {}): Promise<Run> =>
    runcode(args, {
      env: {...home.env, ...options.env},
      cwd: home.path,
      ...(options.input === undefined ? {} : {input: options.input}),
    })
  const failed = async (args: readonly string[], options: {input?: string; env?: Record<string, string>} = {}) => {
    const {status, stdout, stderr} = await run(args, options)
    return {status, failure: JSON.parse(stdout) as Record<string, unknown>, stderr}
  }

  after(() => home.remove())

  it('tells its version', async () => {
    const {stdout, status} = await run(['--version'])
    assert.equal(status, 0)
    assert.match(stdout, /^runcode\/\d+\.\d+\.\d+ \S+ node-v\d+\.\d+\.\d+\n$/)
  })

  for (const [line, hint] of [
    ['conect demo', 'Did you mean: runcode connect'],
    ['lst', 'Did you mean: runcode list'],
    ['servr up', 'Did you mean: runcode server up'],
    ['help conect', 'Did you mean: runcode connect'],
    ['server tokn --help', 'Did you mean: runcode server token'],
    ['server tokn', 'Did you mean: runcode server token'],
    ['server s3cret', 'See: runcode server --help'],
    ['server wrkspace create', 'Did you mean: runcode server workspace create'],
    ['server workspace delte demo', 'Did you mean: runcode server workspace delete'],
    ['connect --strat demo', 'Did you mean --start?'],
    ['exec --timout 3s -- ls', 'Did you mean --timeout?'],
    ['exec s3cret', 'Put the command behind two dashes: runcode exec -- ls -l'],
    ['login s3cret', 'See: runcode login --help'],
    ['login --with-token=s3cret', 'See the help: runcode --help, or runcode <command> --help'],
    ['login --token=s3cret', 'See the help: runcode --help, or runcode <command> --help'],
    ['profile list s3cret', 'See: runcode profile list --help'],
    ['frobnicate s3cret', 'See the help: runcode --help, or runcode <command> --help'],
  ] as const)
    it(`says of "${line}": ${hint}`, async () => {
      const {status, stdout, stderr} = await run(line.split(' '))
      assert.deepEqual([status, stdout], [line.startsWith('exec') ? 125 : 2, ''])
      assert.match(stderr, new RegExp(`^runcode: .*\nhint: ${hint.replaceAll('?', '\\?')}\n$`))
      assert.doesNotMatch(stderr, /s3cret|demo/)
    })

  it('says of a command without arguments that it has none, and not that there is no such command', async () => {
    const {stderr} = await run(['profile', 'list', 'x'])
    assert.match(stderr, /^runcode: "runcode profile list" takes no arguments\.\n/)
  })

  it('has help for every command, with an example', async () => {
    const {stdout, status} = await run(['server', 'workspace', 'create', '--help'])
    assert.equal(status, 0)
    assert.match(stdout, /EXAMPLES\n {2}\$ runcode server workspace create/)
  })

  it('gives help to those who ask "help", too', async () => {
    for (const words of [[], ['connect'], ['server', 'workspace', 'create']]) {
      const [asked, flagged] = await Promise.all([run(['help', ...words]), run([...words, '--help'])])
      assert.deepEqual(asked, flagged)
      assert.equal(asked.status, 0)
    }
  })

  it('gives one object and status 2 for a wrong flag under --json, and repeats nothing of the command line', async () => {
    const {status, failure, stderr} = await failed(['list', '--nope', '--json', 's3cret'])
    assert.deepEqual(
      {status, failure, stderr},
      {
        status: 2,
        failure: {
          error: 'usage',
          message: 'Nonexistent flag: --nope',
          hint: 'See the help: runcode --help, or runcode <command> --help',
          retryable: false,
        },
        stderr: '',
      },
    )
  })

  it('gives the same for an unknown command', async () => {
    const {status, failure} = await failed(['conect', '--json'])
    assert.deepEqual([status, failure['error'], failure['message']], [2, 'usage', 'There is no command "conect".'])
  })

  it('says the same to a person, in two lines on stderr', async () => {
    const {status, stdout, stderr} = await run(['list', '--nope'])
    assert.deepEqual(
      [status, stdout, stderr],
      [2, '', 'runcode: Nonexistent flag: --nope\nhint: See the help: runcode --help, or runcode <command> --help\n'],
    )
  })

  it('never takes an omitted argument from a pipe', async () => {
    const {status, failure} = await failed(['connect', '--json'], {input: 'demo\n'})
    assert.deepEqual([status, failure['error']], [2, 'usage'])
    assert.match(String(failure['message']), /Missing 1 required arg: workspace/)
  })

  it('keeps the status of a failure under --json', async () => {
    assert.equal((await failed(['list', '--json'])).status, 1)
    assert.equal((await failed(['exec', '--json', '--', 'true'])).status, 125)
    assert.equal((await failed(['exec', '--json'])).status, 125)
  })

  it('takes flags of a remote command for the remote command', async () => {
    const {status, stdout, stderr} = await run(['exec', '--', 'ls', '--json', '--help', '--nope'])
    assert.deepEqual([status, stdout], [125, ''])
    assert.match(stderr, /^runcode: No workspace is attached to /)
  })

  for (const words of ['list', '--help', 'exec -- true'])
    it(`says of "${words}" what is missing where nobody knows a home directory`, async () => {
      const preload = new URL('../support/no-home.mjs', import.meta.url).href
      const env = {HOME: '', NODE_OPTIONS: `${home.env['NODE_OPTIONS'] ?? ''} --import=${preload}`}
      const {status, stderr} = await run(words.split(' '), {env})
      assert.equal(status, words.startsWith('exec') ? 125 : 2)
      assert.match(stderr, /^runcode: The home directory is not known: .*\nhint: Set HOME to the absolute path/)
    })

  it('refuses a word that it could not carry', async () => {
    const {status, failure} = await failed(['exec', '--json', '--', 'printf', '\u{FFFD}'])
    assert.deepEqual([status, failure['error'], failure['position']], [125, 'usage', 2])
  })

  it('speaks to an https address only, and says so before a token is asked for', async () => {
    for (const base of [
      'http://app.runcode.io',
      'http://127.0.0.1:1',
      'http://localhost',
      'ftp://x',
      'app.runcode.io',
      'https://u:p@x.io',
    ]) {
      const {status, failure} = await failed(['list', '--json'], {env: {RUNCODE_API_BASE: base}})
      assert.deepEqual([base, status, failure['error']], [base, 2, 'insecure_base'])
    }
  })

  it('has no token for RUNCODE_API_BASE but the one beside it', async () => {
    const {status, failure} = await failed(['list', '--json'], {env: {RUNCODE_API_BASE: 'https://127.0.0.1:1'}})
    assert.deepEqual(
      [status, failure['error'], failure['hint']],
      [1, 'no_token', 'Set RUNCODE_TOKEN beside RUNCODE_API_BASE, or leave it out and log in: runcode login'],
    )
  })

  it('tells a control plane that cannot be reached as network, and that it is worth another try', async () => {
    const {status, failure} = await failed(['list', '--json'], {
      env: {RUNCODE_API_BASE: 'https://127.0.0.1:1', RUNCODE_TOKEN: 'rc_x'},
    })
    assert.deepEqual([status, failure['error'], failure['retryable']], [2, 'network', true])
  })

  it('exits with 1 where doctor finds a failure, and still tells all of it', async () => {
    const {status, stdout} = await run(['doctor', '--json'])
    const {ok, checks} = JSON.parse(stdout)
    assert.deepEqual([status, ok, checks.length], [1, false, 28])
  })

  describe('with text of a hostile control plane', () => {
    let plane: FakeControlPlane
    before(async () => {
      plane = await startFakeControlPlane()
      useFakeAccount(home.path, plane, 'rc_x')
      const row = {
        id: 7,
        title: 'a\u001b]0;gone\u0007',
        custom_title: 'x\n\u202eevil\u009b31m',
        provider: 'aws',
        interim_state: '',
        current_state: 'run\u001b[2Jning',
      }
      plane.on('GET', '/api/rc/workspaces?category=active', () => ({
        status: 200,
        body: {error: false, data: {workspaces: [row]}},
      }))
      plane.on('GET', '/api/rc/workspaces?category=shared', () => ({
        status: 403,
        body: {error: true, message: 'no\u001b[31m\r\nred'},
      }))
    })
    after(() => plane.close())

    it('shows its refusal without a control character', async () => {
      const {status, stderr} = await run(['list'])
      assert.equal(status, 2)
      assert.match(
        stderr,
        /^runcode: https:\/\/localhost:\d+ answered 403: no\u{FFFD}\[31m\u{FFFD}\u{FFFD}red\nhint: Ask whoever owns the workspace, or whoever runs the control plane\.\n$/u,
      )
    })

    it('shows its list without a control character, suggests no command that holds its text, and keeps the real text in JSON', async () => {
      plane.on('GET', '/api/rc/workspaces?category=shared', () => ({
        status: 200,
        body: {error: false, data: {workspaces: []}},
      }))
      const {stdout} = await run(['list'])
      assert.equal(
        stdout,
        'run\u{FFFD}[2jning\t7\ta\u{FFFD}]0;gone\u{FFFD}\tx\u{FFFD}\u{FFFD}evil\u{FFFD}31m\town\truncode connect 7 --start --wait\n',
      )
      assert.equal(
        JSON.parse((await run(['list', '--json'])).stdout).workspaces[0].custom_title,
        'x\n\u202eevil\u009b31m',
      )
    })
  })
})
