import assert from 'node:assert/strict'
import {execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import {isAlive} from '../support/processes.ts'
import {BIN, type Run, type RunOptions, runcode, startRuncode} from '../support/runcode.ts'
import {skip} from '../support/skip.ts'
import {temporaryHome} from '../support/temporary-home.ts'

type Json = Readonly<Record<string, unknown>>

/** What the flags of exec do, by the real program in a workspace of this machine's own server. */
describe('exec', function () {
  this.timeout(60_000)
  const home = temporaryHome()
  const tree = join(home.path, 'tree')
  const result = join(tree, 'result.json')
  const surroundings = {env: home.env, cwd: tree}
  const run = (args: readonly string[], options: Partial<RunOptions> = {}): Promise<Run> =>
    runcode(args, {...surroundings, ...options})
  const exec = (...args: string[]): Promise<Run> => run(['exec', ...args])
  const jsonOf = async (args: readonly string[]): Promise<Json> => JSON.parse((await run(args)).stdout) as Json
  const kept = (): Json => JSON.parse(readFileSync(result, 'utf8')) as Json
  const ran = (): Promise<string> => exec('--', 'ls').then(({stdout}) => stdout)

  before(async () => {
    mkdirSync(tree)
    for (const call of ['server up', 'server workspace create demo', 'connect demo --start --wait']) {
      const {status, stderr} = await run(call.split(' '))
      assert.equal(status, 0, stderr)
    }
  })
  after(async () => {
    await run(['server', 'down', '--purge'])
    home.remove()
  })

  describe('takes its words', () => {
    it('as an argv or as a line, where that is said', async () => {
      const [argv, shell] = await Promise.all([
        exec('--argv', '--', 'echo a'),
        exec('--shell', '--', 'echo', '$((6*7))'),
      ])
      assert.deepEqual([argv.status, shell.stdout], [127, '42\n'])
    })

    it('from a program in a file, with arguments and an empty stdin', async () => {
      const file = join(tree, 'a program')
      writeFileSync(file, 'printf "[%s]" "$@"; cat; exit 6')
      const {status, stdout, stderr} = await run(['exec', '--script', file, '--', "it's", ''], {input: 'unread'})
      assert.deepEqual([status, stdout, stderr], [6, "[it's][]", ''])
    })

    it('from a program on stdin', async () => {
      const input = '#!/bin/sh\necho "$1"; exit 5'
      const {status, stdout} = await run(['ssh', 'demo', '--script', '-', '--', 'x y'], {input})
      assert.deepEqual([status, stdout], [5, 'x y\n'])
    })

    it('but not from a program that cannot be read, or be held', async () => {
      const large = join(tree, 'large')
      writeFileSync(large, '')
      truncateSync(large, (16 << 20) + 1)
      for (const [file, code] of [
        ['no-such', 'file_error'],
        ['.', 'file_error'],
        [large, 'usage'],
      ] as const) {
        const {status, stdout} = await exec('--json', '--script', file)
        const {error, started} = JSON.parse(stdout)
        assert.deepEqual([file, status, error, started], [file, 125, code, false])
      }
    })
  })

  it('adds variables exactly', async () => {
    const values = {A: '', B: ' x=y ', C: "line\nit's $HOME `id`\\"}
    const flags = Object.entries(values).flatMap(([name, value]) => ['--env', `${name}=${value}`])
    const {stdout} = await exec(...flags, '--', 'sh', '-c', 'printf "%s\\0" "$A" "$B" "$C"')
    assert.deepEqual(stdout.split('\0'), [...Object.values(values), ''])
  })

  it('leaves stdin alone with --no-stdin, and gives a terminal with --tty', async () => {
    const [none, terminal] = await Promise.all([
      run(['exec', '-n', '--', 'cat'], {input: 'mine'}),
      exec('--tty', '--', 'sh', '-c', 'test -t 1 && echo terminal; exit 4'),
    ])
    assert.deepEqual([none.status, none.stdout], [0, ''])
    assert.deepEqual([terminal.status, terminal.stdout], [4, 'terminal\r\n'])
  })

  describe('with --json', () => {
    it('gives one object, whichever way the line was read', async () => {
      const words = ['--', 'sh', '-c', 'printf "\\377"; echo said >&2; kill -9 $$']
      const found = await Promise.all([
        jsonOf(['exec', '--json', ...words]),
        jsonOf(['exec', '--json', '-w=demo', ...words]),
        jsonOf(['ssh', 'demo', '--json', ...words]),
      ])
      for (const {duration_ms: duration, attached_to: tree, chosen_by: why, ...rest} of found) {
        assert.ok(Number.isInteger(duration))
        assert.equal(why === 'attachment', typeof tree === 'string')
        assert.deepEqual(rest, {
          ...{workspace: {id: '1', title: 'demo'}, profile: 'local', phase: 'run', started: true, retry_safe: false},
          ...{exit_code: 137, signal: 'KILL', ended_by: 'command'},
          ...{stdout_base64: '/w==', stderr: 'said\n', truncated: false, warnings: []},
        })
      }
    })

    it('tells of a failure how far it came, and that it is safe to be tried again', async () => {
      const {duration_ms: duration, ...failure} = await jsonOf(['exec', '--json', '--cwd', '/no-such', '--', 'true'])
      assert.ok(Number.isInteger(duration))
      assert.deepEqual(failure, {
        error: 'no_directory',
        message: 'The workspace has no directory /no-such that can be entered. The command was not run.',
        hint: 'Name another one with --cwd, or use --home.',
        ...{retryable: false, directory: '/no-such', workspace: {id: '1', title: 'demo'}, profile: 'local'},
        ...{chosen_by: 'attachment', attached_to: tree, phase: 'run', started: false, retry_safe: true, warnings: []},
      })
    })

    it('keeps the status of the command where nobody reads the object', async () => {
      const child = startRuncode(['exec', '--json', '--', 'seq 100000; exit 3'], surroundings)
      child.stdout?.destroy()
      assert.deepEqual(await once(child, 'exit'), [3, null])
    })
  })

  describe('with --timeout', () => {
    it('ends the command and gives 124', async () => {
      const began = performance.now()
      const {status, stdout} = await exec('--json', '--timeout', '1', '--', 'echo begun; exec sleep 60')
      const {exit_code: code, ended_by: endedBy, stdout: printed, retry_safe: isSafe} = JSON.parse(stdout)
      assert.deepEqual([status, code, endedBy, printed, isSafe], [124, 124, 'timeout', 'begun\n', false])
      assert.ok(performance.now() - began < 20_000)
    })

    for (const [taken, other] of [
      ['stdout', 'stderr'],
      ['stderr', 'stdout'],
    ] as const) {
      it(`ends it also where nobody takes what it says on ${other}`, async () => {
        const [say, flood] = taken === 'stdout' ? ['', '>&2'] : ['>&2', '']
        const child = startRuncode(
          ['exec', '--timeout', '1', '--', `echo $$ ${say}; read _; exec yes ${flood}`],
          surroundings,
        )
        const ended = once(child, 'exit')
        const [pid] = (await Promise.race([once(child[taken] ?? child, 'data'), ended])) as [Buffer | number]
        assert.ok(Buffer.isBuffer(pid), `ended with ${pid} before the command said a word`)
        // Not before: both streams share one window of the channel, which the flood fills.
        child.stdin?.write('\n')
        for (let tries = 0; isAlive(Number(pid)) && tries < 300; tries += 1) await pause(50)
        assert.equal(isAlive(Number(pid)), false)
        assert.deepEqual(await ended, [124, null])
      })
    }
  })

  it('ends a command in time on a terminal that is stopped', async () => {
    const {spawn} = await import('@lydell/node-pty')
    const command = `echo $$ > ${tree}/pid; exec yes >&2`
    const args = [BIN, 'exec', '--timeout', '1', '--', command]
    const terminal = spawn(process.execPath, args, {env: {...home.env, TERM: 'xterm'}, cwd: tree})
    terminal.pause()
    const pid = (): number => Number(existsSync(join(tree, 'pid')) ? readFileSync(join(tree, 'pid'), 'utf8') : 0)
    for (let tries = 0; pid() === 0 && tries < 300; tries += 1) await pause(50)
    for (let tries = 0; isAlive(pid()) && tries < 300; tries += 1) await pause(50)
    const isEnded = pid() !== 0 && !isAlive(pid())
    const ended = new Promise<number>((resolve) => terminal.onExit(({exitCode}) => resolve(exitCode)))
    terminal.resume()
    assert.deepEqual([isEnded, await ended], [true, 124])
  })

  it('hands stderr on byte for byte to a reader that comes late', async () => {
    const child = startRuncode(['exec', '--', 'echo begun; seq 300000 >&2'], surroundings)
    await once(child.stdout ?? child, 'data')
    await pause(300)
    const chunks: Buffer[] = []
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(child, 'close')
    const said = Buffer.concat(chunks)
    assert.ok(said.equals(execFileSync('seq', ['300000'], {maxBuffer: 1 << 24})), `${said.length} bytes`)
  })

  describe('with --result-file', () => {
    const withResult = (...args: string[]): string[] => ['exec', '--result-file', 'result.json', ...args]
    beforeEach(() => writeFileSync(result, 'of old'))

    it('keeps all but the output, and nothing else of ours is left or said', async () => {
      const {status, stdout, stderr} = await run(withResult('--', 'sh', '-c', 'echo out; echo err >&2; exit 3'))
      assert.deepEqual([status, stdout, stderr], [3, 'out\n', 'err\n'])
      const {duration_ms: _duration, ...rest} = kept()
      assert.deepEqual(rest, {
        ...{workspace: {id: '1', title: 'demo'}, profile: 'local', chosen_by: 'attachment', attached_to: tree},
        ...{phase: 'run', started: true, retry_safe: false, exit_code: 3, signal: null, ended_by: 'command'},
        warnings: [],
      })
      assert.deepEqual(
        readdirSync(tree).filter((name) => name.startsWith('result')),
        ['result.json'],
      )
    })

    it('keeps the same facts as --json', async () => {
      const {stdout, stderr, truncated, ...told} = await jsonOf(withResult('--json', '--', 'true'))
      assert.deepEqual([stdout, stderr, truncated, told], ['', '', false, kept()])
    })

    for (const [what, args, facts] of [
      ['a missing directory', ['--cwd', '/no-such', '--', 'true'], ['no_directory', 'run', false, true]],
      ['flags that contradict', ['--argv', '--shell', '--', 'true'], ['usage', 'resolve', false, true]],
      ['no command', ['--'], ['usage', 'resolve', false, true]],
      ['a name that is none', ['-w', 'no-such', '--', 'true'], ['not_found', 'resolve', false, true]],
    ] as const) {
      it(`keeps a failure: ${what}`, async () => {
        assert.equal((await run(withResult(...args))).status, 125)
        const {error, phase, started, retry_safe: isSafe} = kept()
        assert.deepEqual([error, phase, started, isSafe], facts)
      })
    }

    for (const [signal, status] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      it(`has no result while the command runs, and one after ${signal}`, async () => {
        const child = startRuncode(withResult('--', 'echo begun; exec sleep 60'), surroundings)
        await once(child.stdout ?? child, 'data')
        assert.equal(existsSync(result), false)
        child.kill(signal)
        assert.deepEqual(await once(child, 'close'), [status, null])
        const {exit_code: code, signal: name, ended_by: endedBy, started, retry_safe: isSafe} = kept()
        assert.deepEqual([code, name, endedBy, started, isSafe], [status, signal.slice(3), 'interruption', true, false])
      })
    }

    describe('before the command began', () => {
      before(function () {
        if (process.platform !== 'linux') skip(this, 'what a process listens to is read from /proc')
      })
      it('has a result after a signal too', async () => {
        const child = startRuncode(withResult('--script', '-'), surroundings)
        const listens = (): boolean => {
          const [, caught = '0'] =
            /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
          // The lowest bit is that of SIGHUP, which Node by itself leaves alone.
          return Number.parseInt(caught.slice(-1), 16) % 2 === 1
        }
        while (!listens()) await pause(20)
        child.kill('SIGTERM')
        assert.deepEqual(await once(child, 'close'), [130, null])
        const {error, phase, started, retryable, retry_safe: isSafe} = kept()
        assert.deepEqual([error, phase, started, retryable, isSafe], ['interrupted', 'resolve', false, true, true])
      })
    })

    it('runs nothing where it could not be kept, and touches nothing that is no file', async () => {
      symlinkSync(result, join(tree, 'link'))
      symlinkSync(join(tree, 'nowhere'), join(tree, 'dangling'))
      execFileSync('mkfifo', [join(tree, 'pipe')])
      const before = readdirSync(tree)
      const names = ['link', 'dangling', 'pipe', '.', 'no/result', 'link/x', '', 'x'.repeat(250)]
      const runs = await Promise.all(names.map((name) => exec('--json', '--result-file', name, '--', 'touch', 'ran')))
      for (const [at, {status, stdout}] of runs.entries()) {
        const {error, started, retry_safe: isSafe} = JSON.parse(stdout)
        assert.deepEqual([names[at], status, error, started, isSafe], [names[at], 125, 'file_error', false, true])
      }
      assert.deepEqual(readdirSync(tree), before)
      assert.equal(readFileSync(result, 'utf8'), 'of old')
      assert.ok(lstatSync(join(tree, 'link')).isSymbolicLink() && lstatSync(join(tree, 'pipe')).isFIFO())
      assert.ok(!(await ran()).split('\n').includes('ran'))
    })

    it('tells where stdout could not take what the command wrote', async function () {
      if (process.platform !== 'linux') skip(this, '/dev/full is of Linux')
      const words = [process.execPath, BIN, ...withResult('--', 'echo one; sleep 5')]
      const child = spawn('sh', ['-c', 'exec "$0" "$@" >/dev/full', ...words], surroundings)
      assert.deepEqual(await once(child, 'close'), [125, null])
      const {error, started, phase, retry_safe: isSafe, hint, chosen_by: why} = kept()
      assert.deepEqual([error, started, phase, isSafe, why], ['file_error', true, 'run', false, 'attachment'])
      assert.match(hint as string, /had begun/)
    })

    it('keeps the status where the disk is full at the end, and says so in one line', async () => {
      const {status, stdout, stderr} = await run(withResult('--', 'exit 7'), {limitBlocks: 0})
      assert.deepEqual([status, stdout], [7, ''])
      assert.match(stderr, /^warning: Could not write result\.json: EFBIG[^\n]*\n$/)
      assert.equal(existsSync(result), false)
    })

    after(() => rmSync(result, {force: true}))
  })

  describe('as a flag of a shell', () => {
    it('is refused by name where it makes no sense', async () => {
      const runs = await Promise.all([run(['ssh', 'demo', '--login']), run(['ssh', 'demo', '--json'])])
      const [login, json] = runs.map(({status, stdout, stderr}) => ({status, said: stdout + stderr}))
      assert.deepEqual([login?.status, json?.status], [125, 125])
      assert.match(login?.said ?? '', /^runcode: A shell takes no --login\.\nhint: Put a command behind two dashes/)
      assert.equal(JSON.parse(json?.said ?? '').message, 'A shell takes no --json.')
    })
  })
})

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
