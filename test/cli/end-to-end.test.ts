import assert from 'node:assert/strict'
import {execFileSync, spawnSync} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {shapeOf} from '../support/json-shape.ts'
import {countProcesses, isAlive} from '../support/processes.ts'
import {type Run, runcode, startRuncode} from '../support/runcode.ts'
import {temporaryHome} from '../support/temporary-home.ts'
import {until} from '../support/until.ts'

/** The main job on this machine's own server, by the real program, in a home of its own. The tests tell one story, in order. */
describe('from nothing to a command in a workspace', function () {
  this.timeout(60_000)
  const home = temporaryHome()
  const tree = join(home.path, 'tree')
  const elsewhere = join(home.path, 'elsewhere')
  const state = join(home.path, '.local/state/runcode/cli')

  const run = (...args: string[]): Promise<Run> => runcode(args, {env: home.env, cwd: tree})
  const json = async (...args: string[]): Promise<Record<string, unknown>> => {
    const {stdout, stderr, status} = await run(...args, '--json')
    assert.equal(status, 0, stdout + stderr)
    return JSON.parse(stdout) as Record<string, unknown>
  }

  before(() => {
    mkdirSync(join(tree, '.git'), {recursive: true})
    mkdirSync(join(tree, 'below'))
    mkdirSync(elsewhere)
  })
  after(async () => {
    await run('server', 'down', '--purge')
    home.remove()
  })

  describe('the server', () => {
    it('is not running at first, and says how to start it', async () => {
      const {status, stdout} = await run('server', 'status')
      assert.deepEqual(
        [status, stdout],
        [1, 'The server of this machine is not running. Start it: runcode server up\n'],
      )
    })

    it('comes up in the background and makes "local" the default where there is nothing else', async () => {
      const {status, stdout, stderr} = await run('server', 'up')
      assert.equal(status, 0, stderr)
      assert.match(
        stdout,
        /^The server is up: API https:\/\/localhost:\d+, SSH 127\.0\.0\.1:\d+, profile local \(the default\)\.\n$/,
      )
    })

    it('is the same one when it is brought up again, and nothing changes on disk', async () => {
      const before = await json('server', 'status')
      const profiles = statSync(join(home.path, '.config/runcode/cli/profiles.json')).mtimeMs
      const credentials = statSync(join(home.path, '.config/runcode/cli/credentials.json')).mtimeMs
      const {stdout} = await run('server', 'up')
      assert.match(stdout, /^The server was up already: /)
      assert.deepEqual(await json('server', 'status'), before)
      assert.equal(statSync(join(home.path, '.config/runcode/cli/profiles.json')).mtimeMs, profiles)
      assert.equal(statSync(join(home.path, '.config/runcode/cli/credentials.json')).mtimeMs, credentials)
    })

    it('tells any other client what it needs, in JSON', async () => {
      assert.deepEqual(shapeOf(await json('server', 'status')), {
        running: 'boolean',
        api_base: 'string',
        web_base: 'string',
        ca_file: 'string',
        gateway: {host: 'string', port: 'number'},
        profile: 'string',
        pid: 'number',
        version: 'string',
        idle_seconds: 'null',
      })
    })

    it('makes a workspace, and lists it', async () => {
      const made = await json('server', 'workspace', 'create', 'demo', '--name', 'Démo 漢字')
      assert.deepEqual(shapeOf(made), {
        id: 'string',
        title: 'string',
        custom_title: 'string',
        state: 'string',
        workdir: 'string',
      })
      assert.deepEqual(await json('server', 'workspace', 'list'), {workspaces: [made]})
    })

    it('refuses a title that is taken, or is none', async () => {
      const taken = await run('server', 'workspace', 'create', 'demo')
      assert.deepEqual([taken.status, taken.stderr.split('\n')[0]], [2, 'runcode: There is a workspace demo already.'])
      const bad = await run('server', 'workspace', 'create', '../demo', '--json')
      assert.deepEqual([bad.status, JSON.parse(bad.stdout).error], [2, 'bad_request'])
    })

    it('gives a token once, which is good for another client with only the environment', async () => {
      const {api_base: apiBase, ca_file: caFile} = await json('server', 'status')
      const made = await json('server', 'token', 'create', 'other')
      assert.deepEqual(shapeOf(made), {id: 'string', name: 'string', token: 'string'})
      const env = {
        ...home.env,
        RUNCODE_API_BASE: String(apiBase),
        RUNCODE_CA_FILE: String(caFile),
        RUNCODE_TOKEN: String(made['token']),
      }
      const other = temporaryHome()
      const listed = await runcode(['list', '--json'], {env: {...env, HOME: other.path}, cwd: other.path})
      other.remove()
      assert.deepEqual(
        JSON.parse(listed.stdout).workspaces.map(({title}: {title: string}) => title),
        ['demo'],
      )
      const tokens = await run('server', 'token', 'list', '--json')
      assert.ok(!tokens.stdout.includes(String(made['token'])))
      assert.equal((await run('server', 'token', 'revoke', String(made['id']))).status, 0)
      const refused = await runcode(['list', '--json'], {env, cwd: tree})
      assert.deepEqual([refused.status, JSON.parse(refused.stdout).error], [2, 'unauthorized'])
    })
  })

  describe('list', () => {
    it('shows state, name and the way there as tab-separated values in a pipe', async () => {
      const {stdout, status} = await run('list')
      assert.deepEqual([status, stdout], [0, 'stopped\t1\tdemo\tDémo 漢字\town\truncode connect demo --start --wait\n'])
    })

    it('gives the same in JSON', async () => {
      assert.deepEqual(await json('list'), {
        profile: 'local',
        workspaces: [
          {id: '1', title: 'demo', custom_title: 'Démo 漢字', state: 'stopped', shared: false, connectable: false},
        ],
      })
    })
  })

  describe('connect', () => {
    it('starts nothing unless told to', async () => {
      const {status, stdout, stderr} = await run('connect', 'demo')
      assert.deepEqual(
        [status, stdout, stderr.split('\n').slice(-3)],
        [
          2,
          '',
          ['runcode: The workspace "Démo 漢字" is stopped.', 'hint: Start it: runcode connect demo --start --wait', ''],
        ],
      )
    })

    it('attaches nothing when it fails', async () => {
      assert.equal((await json('status'))['attached'], false)
    })

    it('starts, waits, takes a pass, opens the connection and attaches the git work tree, by display name in any case', async () => {
      const {status, stdout, stderr} = await runcode(['connect', 'DÉMO 漢字', '--start', '--wait'], {
        env: home.env,
        cwd: join(tree, 'below'),
      })
      assert.equal(status, 0, stderr)
      assert.match(stdout, /^Connected to Démo 漢字 \(demo\), attached to .*\/tree, pass good for (?:29|30)m\.\n$/)
      assert.deepEqual(stderr.replaceAll(/\(\d+\.\ds\)/g, '(…)').split('\n'), [
        'Looking for DÉMO 漢字: done (…)',
        'Starting Démo 漢字: done (…)',
        'Taking a pass: done (…)',
        'Waiting for SSH to answer: done (…)',
        '',
      ])
    })

    it('uses the pass at hand the second time, and tells everything in JSON', async () => {
      const connection = await json('connect', '1')
      assert.deepEqual(
        [connection['reused'], connection['started'], connection['attached_to']],
        [true, false, realpathSync(tree)],
      )
      assert.deepEqual(shapeOf(connection), {
        workspace: {id: 'string', title: 'string', custom_title: 'string', shared: 'boolean'},
        profile: 'string',
        origin: 'string',
        chosen_by: 'string',
        attached_to: 'string',
        alias: 'string',
        config: 'string',
        control_path: 'string',
        command: ['string'],
        host: 'string',
        port: 'number',
        user: 'string',
        web_url: 'null',
        workdir: 'string',
        expires_at: 'string',
        started: 'boolean',
        reused: 'boolean',
        statusline_installed: 'boolean',
      })
    })

    it('takes a new pass with --force', async () => {
      const first = (await json('connect', 'demo'))['config']
      const second = (await json('connect', 'demo', '--force'))['config']
      assert.notEqual(second, first)
    })

    it('gives a command of plain ssh that works as it stands', async () => {
      const {command} = await json('connect', 'demo')
      const [ssh = '', ...args] = command as string[]
      assert.equal(execFileSync(ssh, [...args, 'echo', 'plain'], {encoding: 'utf8', env: home.env}), 'plain\n')
    })

    it('keeps private keys and all else of a session to its owner', async () => {
      const modes = readdirSync(join(state, 'sessions'), {recursive: true, withFileTypes: true}).map((entry) => {
        const mode = (statSync(join(entry.parentPath, entry.name)).mode & 0o777).toString(8)
        return entry.isDirectory() ? `folder ${mode}` : entry.name.endsWith('.pub') ? 'public' : `file ${mode}`
      })
      assert.deepEqual([...new Set(modes)].toSorted(), ['file 600', 'folder 700', 'public'])
    })
  })

  describe('exec', () => {
    it('runs in the project directory of the attached workspace', async () => {
      const {workdir} = await json('connect', 'demo')
      const {stdout, stderr, status} = await run('exec', '--', 'pwd')
      assert.deepEqual([status, stdout, stderr], [0, `${workdir}\n`, ''])
    })

    for (const code of [0, 1, 37, 125, 255]) {
      it(`passes the remote status ${code} on untouched`, async () => {
        assert.equal((await run('exec', '--', `exit ${code}`)).status, code)
      })
    }

    it('gives 128 + n where a signal ended the command', async () => {
      const {status, stderr} = await run('exec', '--', 'sh', '-c', 'kill -9 $$')
      assert.deepEqual([status, stderr], [137, ''])
    })

    it('takes one word as a line of the login shell', async () => {
      assert.equal((await run('exec', '--', 'echo $((6 * 7)) | tr 2 3')).stdout, '43\n')
    })

    it('brings several words over exactly as they are', async () => {
      const words = [
        'a b',
        '',
        "it's",
        '"',
        '$HOME',
        '*',
        '\\',
        '!x',
        'new\nline',
        '-n',
        '--json',
        '--help',
        'ünï 漢字 😀',
        '`id`',
        ';',
      ]
      const {stdout} = await run('exec', '--', 'printf', '%s\\0', ...words)
      assert.deepEqual(stdout.split('\0').slice(0, -1), words)
    })

    it('brings them over exactly on every way: equal words, dashes, flags of ours, the name of the workspace', async () => {
      const words = ['a', 'b', 'a', '--', 'demo', '-w', 'demo', '--json', '--home', 'c', '--', 'a']
      const command = ['printf', '%s\\0', ...words]
      const shown = `${words.join('\0')}\0`
      assert.equal((await run('exec', '--', ...command)).stdout, shown)
      assert.equal((await run('exec', '--cwd=/', '--', ...command)).stdout, shown)
      assert.equal((await run('ssh', 'demo', '--', ...command)).stdout, shown)
      assert.equal(JSON.parse((await run('exec', '--json', '-w', 'demo', '--', ...command)).stdout).stdout, shown)
    })

    it('takes words only from behind two dashes', async () => {
      for (const args of [
        ['exec', 'uname'],
        ['ssh', 'demo', 'uname'],
        ['ssh', 'demo', 'uname', '-s'],
      ]) {
        const {status, stdout} = await run(...args)
        assert.deepEqual([status, stdout], [125, ''])
      }
    })

    it('refuses a profile that is not that of the attached workspace', async () => {
      const {status, stdout} = await run('exec', '--json', '--profile', 'other', '--', 'true')
      assert.deepEqual([status, JSON.parse(stdout).error], [125, 'usage'])
    })

    it('carries stdin, stdout and stderr apart and byte for byte', async () => {
      const input = Buffer.from(Array.from({length: 1 << 18}, (_, at) => (at * 7919) % 256))
      const {bytes, stderr, status} = await runcode(['exec', '--', 'sh', '-c', 'cat; echo said >&2'], {
        env: home.env,
        cwd: tree,
        input,
      })
      assert.equal(status, 0)
      assert.ok(bytes.equals(input))
      assert.equal(stderr, 'said\n')
    })

    it('goes to --home and --cwd', async () => {
      const {workdir} = await json('connect', 'demo')
      assert.equal((await run('exec', '--home', '--', 'pwd')).stdout, `${join(String(workdir), '..')}\n`)
      await run('exec', '--', 'mkdir', '-p', 'sub dir')
      assert.equal((await run('exec', '--cwd', 'sub dir', '--', 'pwd')).stdout, `${workdir}/sub dir\n`)
      assert.equal((await run('exec', '--cwd', '/', '--', 'pwd')).stdout, '/\n')
    })

    it('does not run the command where the directory is missing, and exits with 125', async () => {
      const {status, stderr, stdout} = await run('exec', '--cwd', 'no-such', '--', 'touch', 'ran')
      assert.deepEqual([status, stdout], [125, ''])
      assert.match(
        stderr,
        /^runcode: The workspace has no directory .*no-such that can be entered\. The command was not run\.\nhint: /,
      )
      assert.equal((await run('exec', '--', 'ls', 'ran')).status, 2)
    })

    it('exits with 125 where nothing is attached, and names what is attached elsewhere', async () => {
      const {status, stdout} = await runcode(['exec', '--json', '--', 'true'], {env: home.env, cwd: elsewhere})
      const failure = JSON.parse(stdout)
      assert.deepEqual([status, failure.error, failure.attached_elsewhere], [125, 'not_attached', [realpathSync(tree)]])
    })

    it('takes the workspace from --workspace and RUNCODE_WORKSPACE where nothing is attached', async () => {
      const options = {env: home.env, cwd: elsewhere}
      assert.equal((await runcode(['exec', '-w', 'demo', '--', 'echo', 'flag'], options)).stdout, 'flag\n')
      const env = {...home.env, RUNCODE_WORKSPACE: 'local:demo'}
      const {stdout} = await runcode(['exec', '--json', '--', 'echo', 'named'], {env, cwd: elsewhere})
      const {stdout: said, chosen_by: why} = JSON.parse(stdout)
      assert.deepEqual([said, why], ['named\n', 'environment'])
    })

    it('gives everything in one JSON object with --json', async () => {
      const {stdout} = await run('exec', '--json', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3')
      const {duration_ms: durationMs, ...rest} = JSON.parse(stdout)
      assert.ok(Number.isInteger(durationMs))
      assert.deepEqual(rest, {
        ...{workspace: {id: '1', title: 'demo'}, profile: 'local'},
        ...{chosen_by: 'attachment', attached_to: realpathSync(tree)},
        ...{phase: 'run', started: true, retry_safe: false},
        ...{exit_code: 3, signal: null, ended_by: 'command'},
        ...{stdout: 'out\n', stderr: 'err\n', truncated: false, warnings: []},
      })
    })

    it('goes over the open connection: no second login', async () => {
      const {control_path: controlPath} = await json('connect', 'demo')
      assert.ok(statSync(String(controlPath)).isSocket())
      // A key that is gone stops every new login, and nothing that goes over the connection.
      const {config} = await json('connect', 'demo')
      const key = join(String(config), '..', 'id_ed25519')
      const {renameSync} = await import('node:fs')
      renameSync(key, `${key}.away`)
      const {status, stdout} = await run('exec', '--', 'echo', 'warm')
      renameSync(`${key}.away`, key)
      assert.deepEqual([status, stdout], [0, 'warm\n'])
    })

    it('leaves one connection behind, however many commands find none', async () => {
      await run('connect', 'demo', '--force')
      const {control_path: controlPath, config, alias} = await json('connect', 'demo')
      execFileSync('ssh', ['-F', String(config), '-O', 'exit', String(alias)], {stdio: 'ignore'})
      const runs = await Promise.all(Array.from({length: 6}, () => run('exec', '--', 'true')))
      assert.deepEqual(
        runs.map(({status}) => status),
        [0, 0, 0, 0, 0, 0],
      )
      const count = (): number => countProcesses(String(config), String(controlPath))
      for (let tries = 0; count() !== 1 && tries < 300; tries += 1) await pause(50)
      assert.equal(count(), 1)
      assert.equal((await run('exec', '--', 'echo', 'warm')).stdout, 'warm\n')
    })

    it('runs nothing that was interrupted before it began', async () => {
      const {config, alias} = await json('connect', 'demo')
      const {stderr = ''} = spawnSync('ssh', ['-F', String(config), '-O', 'check', String(alias)], {encoding: 'utf8'})
      const master = Number(/pid=(\d+)/.exec(stderr)?.[1])
      // A master that does not answer is asked for 300 ms before the command goes its own way.
      process.kill(master, 'SIGSTOP')
      const child = startRuncode(['exec', '--', 'touch', 'ran-anyway'], {env: home.env, cwd: tree})
      await pause(250)
      child.kill('SIGINT')
      const status = await new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)))
      process.kill(master, 'SIGCONT')
      // On a busy machine it may not have come to listen for signals by then; a shell sees 130 all the same.
      assert.ok(status === 130 || status === 'SIGINT', String(status))
      assert.equal((await run('exec', '--', 'ls', 'ran-anyway')).status, 2)
    })

    it('keeps the status of a command whose session was dropped meanwhile', async () => {
      const {config, alias} = await json('connect', 'demo')
      execFileSync('ssh', ['-F', String(config), '-O', 'exit', String(alias)], {stdio: 'ignore'})
      const running = run('exec', '--', 'sh', '-c', 'sleep 4; echo did-it; exit 6')
      await pause(1500)
      await run('disconnect', '--all')
      const {status, stdout, stderr} = await running
      assert.deepEqual([status, stdout, stderr], [6, 'did-it\n', ''])
      await run('connect', 'demo')
    })

    it('keeps the status of a command whose words on stderr nobody reads', async () => {
      const child = startRuncode(
        ['exec', '--', 'sh', '-c', 'for i in 1 2 3 4; do echo $i >&2; sleep 0.1; done; exit 7'],
        {env: home.env, cwd: tree},
      )
      child.stderr?.once('data', () => child.stderr?.destroy())
      assert.equal(await new Promise((resolve) => child.on('exit', resolve)), 7)
    })

    it('takes a new pass where the gateway has forgotten the key of the one at hand', async () => {
      await run('connect', 'demo')
      await run('stop', '--keep')
      await run('start', 'demo')
      const {status, stdout, stderr} = await run('exec', '--', 'echo', 'let in')
      assert.deepEqual([status, stdout], [0, 'let in\n'], stderr)
      await run('stop', '--keep')
      await run('start', 'demo')
      assert.equal((await run('connect', 'demo', '--wait', '--timeout', '20s')).status, 0)
    })

    it('gives no secret and nothing else of our own to the command', async () => {
      const {stdout} = await runcode(['exec', '--', 'env'], {
        env: {...home.env, RUNCODE_SECRET_THING: 'x', AWS_SECRET: 'y'},
        cwd: tree,
      })
      const names = stdout.split('\n').map((line) => line.split('=')[0])
      assert.ok(
        !names.includes('RUNCODE_TOKEN') && !names.includes('RUNCODE_SECRET_THING') && !names.includes('AWS_SECRET'),
      )
    })

    it('ends the remote command when it is killed', async () => {
      const child = startRuncode(['exec', '--', 'sh', '-c', 'echo $$; exec sleep 300'], {env: home.env, cwd: tree})
      const pid = await new Promise<number>((resolve) =>
        child.stdout?.once('data', (chunk: Buffer) => resolve(Number(chunk.toString()))),
      )
      child.kill('SIGTERM')
      const status = await new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)))
      assert.equal(status, 143)
      for (let tries = 0; isAlive(pid) && tries < 100; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 50))
      assert.equal(isAlive(pid), false)
    })
  })

  describe('ssh', () => {
    it('runs one command on a named workspace, wherever it is called', async () => {
      const {status, stdout} = await runcode(['ssh', 'demo', '--', 'echo $0; exit 9'], {env: home.env, cwd: elsewhere})
      assert.deepEqual([status, stdout.trim() !== ''], [9, true])
    })

    it('gives a shell with a terminal in the project directory, and its exit status', async () => {
      const {workdir} = await json('connect', 'demo')
      const {spawn} = await import('@lydell/node-pty')
      const {BIN} = await import('../support/runcode.ts')
      const terminal = spawn(process.execPath, [BIN, 'ssh', 'demo'], {
        cols: 91,
        rows: 37,
        env: {...home.env, TERM: 'xterm'},
        cwd: tree,
      })
      let shown = ''
      terminal.onData((text) => {
        shown += text
      })
      terminal.write('pwd; stty size; test -t 0 && echo is-terminal; exit 7\n')
      const {exitCode} = await new Promise<{exitCode: number}>((resolve) => terminal.onExit(resolve))
      assert.equal(exitCode, 7)
      // What ssh was quicker to hand on than to make the terminal raw has one return more.
      assert.ok(shown.replaceAll(/\r+\n/g, '\n').includes(`${workdir}\n`), shown)
      assert.match(shown, /^37 91\r+\nis-terminal\r+$/m)
    })
  })

  describe('config-ssh', () => {
    const config = join(home.path, '.ssh/config')
    const at = (name: string): string => join(home.path, name)
    const tool = (program: string, args: readonly string[], input = ''): string => {
      const git = {GIT_SSH_COMMAND: `ssh -F ${config}`, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null'}
      const {status, stdout, stderr} = spawnSync(program, args, {
        env: {...home.env, ...git},
        ...{cwd: home.path, input, encoding: 'utf8'},
      })
      assert.equal(status, 0, `${program} ${args.join(' ')}: ${stderr}`)
      return stdout
    }

    before(async () => {
      await run('connect', 'demo', '--wait')
      const {status, stdout, stderr} = await run('config-ssh')
      assert.equal(status, 0, stderr)
      assert.match(stdout, /^New: .*\bruncode\.demo\b/m)
      writeFileSync(at('file'), randomBytes(300_000))
    })

    it('makes the workspace a host of ssh, also for the opening move of an editor', () => {
      assert.equal(tool('ssh', ['-F', config, 'runcode.demo', 'echo', 'hello']), 'hello\n')
      const script = ['-T', '-o', 'ConnectTimeout=15', '-F', config, 'runcode.demo', 'sh']
      assert.equal(tool('ssh', script, 'echo from; echo stdin\n'), 'from\nstdin\n')
    })

    it('and of scp in both ways, and of sftp', () => {
      for (const [way, name] of [
        [[], 'new'],
        [['-O'], 'old'],
      ] as const) {
        tool('scp', ['-q', ...way, '-F', config, at('file'), `runcode.demo:${name}`])
        tool('scp', ['-q', ...way, '-F', config, `runcode.demo:${name}`, at(name)])
        assert.ok(readFileSync(at(name)).equals(readFileSync(at('file'))))
      }
      tool('sftp', ['-q', '-b', '-', '-F', config, 'runcode.demo'], `get new ${at('by-sftp')}\n`)
      assert.ok(readFileSync(at('by-sftp')).equals(readFileSync(at('file'))))
    })

    it('and of rsync', function () {
      if (spawnSync('rsync', ['--version']).status !== 0) {
        assert.ok(!process.env['CI'], 'In CI nothing is skipped: no rsync')
        this.skip()
      }
      tool('rsync', ['-a', '-e', `ssh -F ${config}`, at('file'), 'runcode.demo:by-rsync'])
      tool('rsync', ['-a', '-e', `ssh -F ${config}`, 'runcode.demo:by-rsync', at('by-rsync')])
      assert.ok(readFileSync(at('by-rsync')).equals(readFileSync(at('file'))))
    })

    it('and of git: push, clone, fetch', () => {
      const who = ['-c', 'user.name=A', '-c', 'user.email=a@x.test']
      tool('ssh', ['-F', config, 'runcode.demo', 'git init -q --bare tool.git'])
      tool('git', ['init', '-q', '-b', 'main', at('one')])
      tool('git', ['-C', at('one'), ...who, 'commit', '-q', '--allow-empty', '-m', 'first'])
      tool('git', ['-C', at('one'), 'push', '-q', 'runcode.demo:tool.git', 'main'])
      tool('git', ['clone', '-q', '-b', 'main', 'runcode.demo:tool.git', at('two')])
      tool('git', ['-C', at('one'), ...who, 'commit', '-q', '--allow-empty', '-m', 'second'])
      tool('git', ['-C', at('one'), 'push', '-q', 'runcode.demo:tool.git', 'main'])
      tool('git', ['-C', at('two'), 'fetch', '-q'])
      assert.equal(tool('git', ['-C', at('two'), 'log', '--format=%s', 'origin/main']), 'second\nfirst\n')
    })

    it('says what to do where the workspace is stopped, starts nothing, and goes with --remove', async () => {
      await run('stop', 'demo', '--keep')
      const {status, stderr} = spawnSync('ssh', ['-F', config, 'runcode.demo', 'true'], {
        env: home.env,
        encoding: 'utf8',
      })
      assert.equal(status, 255)
      assert.equal(stderr.trimEnd().split('\n').at(-1)?.includes('Start it: runcode start demo'), true, stderr)
      await run('start', 'demo')
      assert.equal(tool('ssh', ['-F', config, 'runcode.demo', 'echo', 'again']), 'again\n')
      assert.equal((await run('config-ssh', '--remove')).status, 0)
      assert.equal(existsSync(config), false)
      assert.equal(existsSync(join(state, 'managed')), false)
      // Copies of the user's own file stay.
      rmSync(join(state, 'ssh-config'), {recursive: true})
    })
  })

  describe('status, disconnect, stop', () => {
    it('tell what is attached and what the pass is worth', async () => {
      const status = await json('status')
      assert.deepEqual(shapeOf(status), {
        attached: 'boolean',
        workspace: {id: 'string', title: 'string'},
        profile: 'string',
        origin: 'string',
        attached_to: 'string',
        chosen_by: 'string',
        named: 'null',
        session: {
          expires_at: 'string',
          remaining_seconds: 'number',
          connection_open: 'boolean',
          host: 'string',
          port: 'number',
          user: 'string',
          host_keys: ['string'],
          workdir: 'string',
        },
      })
    })

    it('keep the session while another place is attached, and drop it with the last one', async () => {
      await runcode(['connect', 'demo'], {env: home.env, cwd: elsewhere})
      const first = JSON.parse((await runcode(['disconnect', '--json'], {env: home.env, cwd: elsewhere})).stdout)
      assert.deepEqual(first, {
        disconnected: true,
        workspace: {id: '1', title: 'demo'},
        title: 'demo',
        profile: 'local',
        chosen_by: 'attachment',
        detached_from: [realpathSync(elsewhere)],
        session_dropped: false,
      })
      const last = await json('disconnect')
      assert.deepEqual(last, {
        disconnected: true,
        workspace: {id: '1', title: 'demo'},
        title: 'demo',
        profile: 'local',
        chosen_by: 'attachment',
        detached_from: [realpathSync(tree)],
        session_dropped: true,
      })
      assert.equal((await json('list'))['workspaces'] !== undefined, true)
      assert.ok(!readdirSync(state).includes('sessions'))
    })

    it('stop the attached workspace, end what runs in it, and detach it everywhere', async () => {
      await json('connect', 'demo')
      const {stdout} = await run('exec', '--', 'nohup sleep 300 > /dev/null 2>&1 & echo $!')
      const pid = Number(stdout)
      assert.equal(isAlive(pid), true)
      assert.deepEqual(await json('stop'), {
        stopped: true,
        workspace: {id: '1', title: 'demo'},
        workspace_id: '1',
        title: 'demo',
        profile: 'local',
        chosen_by: 'attachment',
        detached: true,
        detached_from: [realpathSync(tree)],
      })
      for (let tries = 0; isAlive(pid) && tries < 200; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 50))
      assert.equal(isAlive(pid), false)
    })

    it('say so where nothing is attached', async () => {
      const {status, stdout} = await run('stop', '--json')
      assert.deepEqual([status, JSON.parse(stdout).error], [1, 'not_attached'])
    })
  })

  describe('start', () => {
    it('starts and waits, and does nothing where it runs', async () => {
      const facts = {workspace: {id: '1', title: 'demo'}, profile: 'local', chosen_by: 'flag'}
      assert.deepEqual(await json('start', 'demo'), {...facts, started: true, waited: true})
      assert.deepEqual(await json('start', 'demo'), {...facts, started: false, waited: true})
    })
  })

  describe('open', () => {
    it('says that this server has no web address', async () => {
      const {status, stdout} = await run('open', 'demo', '--print', '--json')
      assert.deepEqual([status, JSON.parse(stdout).error], [1, 'no_web_address'])
    })
  })

  describe('login and logout', () => {
    it('replace nothing with a token that the control plane refuses', async () => {
      const credentials = join(home.path, '.config/runcode/cli/credentials.json')
      const kept = readFileSync(credentials, 'utf8')
      const options = {env: home.env, cwd: tree, input: 'rc_wrong\n'}
      const {status, stdout} = await runcode(['login', '--with-token', '--store', 'file', '--json'], options)
      assert.deepEqual([status, JSON.parse(stdout).error], [2, 'unauthorized'])
      assert.equal(readFileSync(credentials, 'utf8'), kept)
    })

    it('keep a good token, say where, and forget it', async () => {
      const {token} = await json('server', 'token', 'create', 'login')
      const options = {env: home.env, cwd: tree, input: `${token}\n`}
      const {status, stdout, stderr} = await runcode(['login', '--with-token', '--store', 'file'], options)
      const credentials = join(home.path, '.config/runcode/cli/credentials.json')
      assert.equal(status, 0, stderr)
      assert.match(
        stdout,
        /^Logged in to https:\/\/localhost:\d+ as profile local \(\d+ workspaces?\)\. The token is in .*credentials\.json\.\n$/,
      )
      assert.equal(statSync(credentials).mode & 0o777, 0o600)
      assert.equal((await json('logout'))['logged_out'], true)
      const {stdout: listed} = await run('list', '--json')
      assert.equal(JSON.parse(listed).error, 'no_token')
      await run('server', 'up')
      assert.equal((await run('list')).status, 0)
    })
  })

  describe('doctor', () => {
    it('finds nothing wrong here', async () => {
      const {ok, checks} = await json('doctor')
      assert.equal(ok, true)
      assert.deepEqual(
        (checks as {name: string; status: string}[]).map(({name, status}) => `${name} ${status}`),
        [
          ...['runcode', 'system', 'node-settings', 'folders', 'secrets', 'disk', 'leftovers'].map(
            (name) => `${name} ok`,
          ),
          ...['ssh', 'ssh-keygen', 'control-path', 'ssh-config'].map((name) => `${name} ok`),
          ...['ssh-files', 'proxy-start', 'node-path', 'git-ssh', 'entries'].map((name) => `${name} skip`),
          ...['profile', 'api-base', 'token', 'http-proxy', 'ca-files', 'tls', 'clock', 'control-plane'].map(
            (name) => `${name} ok`,
          ),
          ...['attachment', 'gateway', 'host-key', 'remote-noise'].map((name) => `${name} skip`),
        ],
      )
    })
  })

  describe('the end', () => {
    it('of the server ends every process, and its workspaces are there again at the next start', async () => {
      await json('connect', 'demo')
      await run('exec', '--', 'echo kept > file')
      assert.equal((await run('server', 'down')).stdout, 'The server is down.\n')
      const down = await run('exec', '--workspace', 'demo', '--', 'true')
      assert.equal(down.status, 125)
      await run('server', 'up')
      assert.equal((await run('exec', '--workspace', 'demo', '--', 'cat', 'file')).stdout, 'kept\n')
    })

    it('ends what ran in its workspaces also where the server itself was killed', async () => {
      await json('connect', 'demo', '--start', '--wait')
      const orphan = async (): Promise<number> =>
        Number((await run('exec', '--', 'setsid nohup sleep 300 > /dev/null 2>&1 & echo $!')).stdout)
      const kill = async (): Promise<void> => {
        process.kill(Number((await json('server', 'status'))['pid']), 'SIGKILL')
        while ((await run('server', 'status')).status === 0) await pause(20)
      }
      const first = await orphan()
      await kill()
      assert.equal(isAlive(first), true)
      await run('server', 'up')
      assert.equal(isAlive(first), false)
      const second = await orphan()
      await kill()
      assert.equal((await run('server', 'down')).status, 0)
      assert.equal(isAlive(second), false)
      await run('server', 'up')
    })

    it('with --purge leaves nothing of ours in the home directory', async () => {
      await json('connect', 'demo', '--start', '--wait')
      const {pid} = await json('port-forward', '--background', '0:3000')
      assert.equal((await run('server', 'down', '--purge')).status, 0)
      await until(
        () => !isAlive(Number(pid)),
        () => 'The forward lives.',
      )
      const left = readdirSync(home.path, {recursive: true, encoding: 'utf8'}).filter((path) =>
        path.includes('runcode'),
      )
      assert.deepEqual(left, [])
    })
  })
})

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
