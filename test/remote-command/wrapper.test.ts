import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {mkdirSync} from 'node:fs'
import {join} from 'node:path'
import {endingOf} from '../../src/core/process.ts'
import {parseRemoteWords} from '../../src/remote-command/remote-words.ts'
import {StatusReader} from '../../src/remote-command/status-reader.ts'
import {wrapCommand} from '../../src/remote-command/wrapper.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const nonce = '0123456789abcdef0123456789abcdef'

describe('wrapCommand()', () => {
  const folder = temporaryFolder()

  const collect = (stream: ChildProcess['stdout']): Buffer[] => {
    const chunks: Buffer[] = []
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
    return chunks
  }

  /** Runs the line as sshd would, by a login shell of the account, here. */
  const execute = async (
    words: readonly string[],
    {directory, shell = 'sh', login = '/bin/sh', input = ''}: Surroundings = {},
  ) => {
    const line = wrapCommand({words: parseRemoteWords(words, 'guess'), directory, variables: [], isLogin: false}, nonce)
    const env = {PATH: process.env['PATH'], SHELL: login, HOME: folder.path}
    const child = spawn(shell, ['-c', line], {env, cwd: folder.path, stdio: ['pipe', 'pipe', 'pipe']})
    child.stdin.on('error', () => undefined).end(input)
    const [raw, stderr] = [collect(child.stdout), collect(child.stderr)]
    const ending = await endingOf(child)
    const reader = new StatusReader(nonce)
    const stdout = Buffer.concat([reader.read(Buffer.concat(raw)), reader.rest()])
    const {hasBegun, missing, exitCode, signal} = reader.status
    const own = ending.kind === 'exited' ? ending.code : ending.kind
    return {own, hasBegun, missing, exitCode, signal, stdout, stderr: Buffer.concat(stderr).toString()}
  }

  const ran = (exitCode: number, stdout = '', stderr = '', signal?: string) => ({
    own: exitCode,
    hasBegun: true,
    missing: undefined,
    exitCode,
    signal,
    stdout: Buffer.from(stdout),
    stderr,
  })

  it('tells every status from 0 to 255, and ends with it', async () => {
    for (const code of [0, 1, 2, 7, 124, 125, 126, 127, 128, 254, 255])
      assert.deepEqual(await execute(['sh', '-c', `exit ${code}`]), ran(code), `${code}`)
  })

  it('names the signal of a status that shells give to a death by signal, whoever ended with it', async () => {
    assert.deepEqual(await execute(['sh', '-c', 'exit 137']), ran(137, '', '', 'KILL'))
  })

  it('tells a death by signal as 128 and its number, without a word of the shell', async () => {
    for (const [signal, code] of [
      ['KILL', 137],
      ['TERM', 143],
      ['INT', 130],
      ['SEGV', 139],
    ] as const) {
      assert.deepEqual(await execute(['sh', '-c', `kill -${signal} $$`]), ran(code, '', '', signal), signal)
      assert.deepEqual(
        await execute(['sh', '-c', `kill -${signal} $$`], {shell: 'bash'}),
        ran(code, '', '', signal),
        `${signal} by bash`,
      )
    }
  })

  it('carries both streams byte for byte, and stdin', async () => {
    const bytes = Buffer.from(Array.from({length: 256}, (_, at) => at))
    const {stdout, stderr, exitCode} = await execute(['sh', '-c', 'cat; printf "err\\n\\036\\n" >&2'], {input: bytes})
    assert.deepEqual([stdout, stderr, exitCode], [bytes, 'err\n\u001e\n', 0])
  })

  it('runs several words as exactly these, whatever is in them', async () => {
    const words = ['printf', '[%s]', '$HOME', "'", 'a  b', '', '*', 'ü', '-n', '\n']
    assert.deepEqual(await execute(words), ran(0, "[$HOME]['][a  b][][*][ü][-n][\n]"))
  })

  it('runs one word as a line of the login shell', async () => {
    assert.deepEqual(
      await execute(['echo a  b; echo "$HOME" | tr a-z A-Z; exit 3']),
      ran(3, `a b\n${folder.path.toUpperCase()}\n`),
    )
    assert.deepEqual(await execute(['[[ a == a ]] && echo yes'], {login: '/bin/bash'}), ran(0, 'yes\n'))
  })

  it('says of a command that is not there 127, with the words of the shell', async () => {
    const {stderr, ...rest} = await execute(['no-such-program', 'x'])
    assert.deepEqual(rest, (({stderr: _none, ...wanted}) => wanted)(ran(127)))
    assert.match(stderr, /no-such-program: not found/)
  })

  it('runs in the directory that it was given, whatever its name', async () => {
    for (const name of ['plain', 'a b', "it's", '$HOME', '-x']) {
      const directory = join(folder.path, name)
      mkdirSync(directory)
      assert.deepEqual(await execute(['pwd'], {directory}), ran(0, `${directory}\n`))
    }
  })

  it('does not run where the directory is missing: it says so, and ends with 125', async () => {
    assert.deepEqual(await execute(['touch', 'ran'], {directory: join(folder.path, 'none')}), {
      own: 125,
      hasBegun: false,
      missing: 'directory',
      exitCode: undefined,
      signal: undefined,
      stdout: Buffer.alloc(0),
      stderr: '',
    })
  })

  it('gives the command no stream of its own beside the three', async () => {
    const {stdout} = await execute(['sh', '-c', 'for fd in 3 4 5; do (: >&$fd) 2>/dev/null && echo $fd; done; :'])
    assert.equal(stdout.toString(), '')
  })

  it('says the end only after everything that the command wrote', async () => {
    const {stdout, stderr, exitCode} = await execute([
      'sh',
      '-c',
      'head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero',
    ])
    assert.deepEqual([stdout.length, stderr.length, exitCode], [300_000, 300_000, 0])
  })

  it('refuses a command that would not fit, and takes one that just does', async () => {
    assert.throws(
      () =>
        wrapCommand(
          {
            words: {kind: 'argv', argv: ['echo', '\n'.repeat(30_000)]},
            ...{directory: undefined, variables: [], isLogin: false},
          },
          nonce,
        ),
      {
        name: 'TooLongCommandError',
        code: 'usage',
      },
    )
    const {stdout, exitCode} = await execute(['printf', '%s', 'x'.repeat(128_000)])
    assert.deepEqual([stdout.length, exitCode], [128_000, 0])
  })
})

interface Surroundings {
  readonly directory?: string
  readonly shell?: string
  readonly login?: string
  readonly input?: string | Buffer
}
