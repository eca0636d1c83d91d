import assert from 'node:assert/strict'
import {createHash, randomBytes} from 'node:crypto'
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {shapeOf} from '../support/json-shape.ts'
import {listProcesses} from '../support/processes.ts'
import {startSlowRelay} from '../support/slow-relay.ts'
import {needSshd, type SshdWorkspace, startSshdWorkspace} from '../support/sshd-workspace.ts'
import {until} from '../support/until.ts'

const BYTES = 9 << 20

describe('put and get over a real sshd', function () {
  this.timeout(60_000)
  let workspace: SshdWorkspace
  const here = (name: string): string => join(workspace.tree, name)
  const there = (name: string): string => join(workspace.sshd.folder, 'project', name)
  const bytes = randomBytes(BYTES)
  const ok = async (args: readonly string[], options = {}) => {
    const run = await workspace.run(args, options)
    assert.equal(run.status, 0, `${args.join(' ')}: ${run.stdout}${run.stderr}`)
    return run
  }
  const refused = async (code: string, status: number, ...args: readonly string[]): Promise<void> => {
    const {status: found, stdout} = await workspace.run([...args, '--json'])
    assert.deepEqual([JSON.parse(stdout).error, found], [code, status], args.join(' '))
  }

  before(async function () {
    needSshd(this)
    workspace = await startSshdWorkspace()
    mkdirSync(join(workspace.sshd.folder, 'project'))
    workspace.bundle['workdir'] = join(workspace.sshd.folder, 'project')
    await ok(['connect', 'calm-reed', '--wait'])
    writeFileSync(here('large'), bytes)
    writeFileSync(here('small'), 'small\n')
    chmodSync(here('small'), 0o700)
  })
  after(() => workspace?.remove())

  it('bring a file to the project directory and back, and say what they did', async () => {
    for (const name of ['small', 'large']) {
      const put = await ok(['put', name, 'sub/', '--json'])
      assert.deepEqual(shapeOf(JSON.parse(put.stdout)), {
        ...{files: 'number', bytes: 'number', resumed_bytes: 'number', verified: 'boolean'},
        ...{chosen_by: 'string', attached_to: 'string', workspace: {id: 'string', title: 'string'}, profile: 'string'},
        ...{target: 'string', into: 'boolean'},
      })
      assert.ok(readFileSync(there(`sub/${name}`)).equals(readFileSync(here(name))))
      const got = JSON.parse((await ok(['get', `sub/${name}`, '--out', 'back', '--json'])).stdout)
      assert.deepEqual([got.files, got.verified, got.targets], [1, true, [here('back')]])
      assert.ok(readFileSync(here('back')).equals(readFileSync(here(name))))
    }
    assert.equal(statSync(there('sub/small')).mode & 0o777, 0o700)
    const {stdout, stderr} = await ok(['put', 'small', 'x'])
    assert.deepEqual([stdout, stderr], [`Put 1 file (6 B) at x on ${workspace.sshd.user}, verified.\n`, ''])
  })

  it('carry raw bytes from stdin and to stdout', async () => {
    await ok(['put', '-', 'stream'], {input: bytes})
    const {bytes: out, stderr} = await ok(['get', 'stream', '--out', '-'])
    assert.ok(out.equals(bytes))
    assert.equal(stderr, '')
    await ok(['put', '-', 'empty'], {input: ''})
    assert.equal(statSync(there('empty')).size, 0)
  })

  it('say with --json on stderr how far they are, and without it nothing in a pipe', async () => {
    let tellSpoken = (): void => undefined
    const spoken = new Promise<void>((resolve) => {
      tellSpoken = resolve
    })
    const said = await Promise.all(
      [['--json'], []].map(async (flags) => {
        const child = workspace.start(['put', '-', `slow${flags.length}`, ...flags])
        const ended = new Promise((resolve) => child.once('exit', resolve))
        let text = ''
        child.stderr?.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        child.stdin?.write('slow')
        if (flags.length > 0) {
          await until(
            () => text.includes('\n'),
            () => 'no progress is told',
          )
          tellSpoken()
        }
        await spoken
        child.stdin?.end()
        assert.equal(await ended, 0)
        return text
      }),
    )
    const [json = '', quiet] = said
    assert.deepEqual(shapeOf(JSON.parse(json.split('\n')[0] ?? '')), {
      ...{event: 'string', bytes: 'number', total_bytes: 'null', bytes_per_second: 'number'},
      ...{files: 'null', total_files: 'null'},
    })
    assert.equal(quiet, '')
  })

  it('end with 1 where the bytes on stdout were not the right ones, and say so', async () => {
    // A shell that is asked for the checksum of a file says another one.
    const bin = join(workspace.sshd.folder, '.profile-bin')
    mkdirSync(bin, {recursive: true})
    writeFileSync(join(workspace.sshd.folder, 'project/f'), 'content')
    const empty = createHash('sha256').digest('hex')
    const script = `#!/bin/sh\nif [ -t 0 ] || [ "$(cat | wc -c)" -eq 0 ]; then echo ${empty}; else echo ${'0'.repeat(64)}; fi\n`
    writeFileSync(join(bin, 'openssl'), script, {mode: 0o755})
    const liar = `PATH=${bin}:$PATH; export PATH`
    writeFileSync(join(workspace.sshd.folder, 'liar'), liar)
    const {status, stdout, stderr} = await withRc(liar, () => workspace.run(['get', 'f', '--out', '-']))
    assert.deepEqual([status, stdout], [1, 'content'])
    assert.match(stderr, /SHA-256 differs\. Its bytes are on stdout already/)
  })

  /** Does something while the shell of the account reads a file first, as sshd runs one by bash. */
  const withRc = async <T>(text: string, work: () => Promise<T>): Promise<T> => {
    const file = join(workspace.sshd.folder, '.bashrc')
    writeFileSync(file, text)
    try {
      return await work()
    } finally {
      writeFileSync(file, '')
    }
  }

  it('are not disturbed by a shell file that prints, on their way past us either', async () => {
    await withRc('echo "Welcome to \\033[31mthe machine"', async () => {
      await ok(['put', 'large', 'noisy'])
      const {stderr} = await ok(['get', 'noisy', '--out', 'noisy'])
      assert.ok(readFileSync(here('noisy')).equals(bytes))
      if (stderr !== '') assert.match(stderr, /^warning: Words that the shell files .*: Welcome/)
    })
  })

  it('bring several files and directories', async () => {
    mkdirSync(here('dir/sub'), {recursive: true})
    writeFileSync(here('dir/sub/x'), 'x')
    await ok(['put', '-r', 'dir', 'small', 'many'])
    assert.deepEqual([readFileSync(there('many/dir/sub/x'), 'utf8'), existsSync(there('many/small'))], ['x', true])
    await ok(['get', '-r', 'many', '--out', 'got'])
    assert.equal(readFileSync(here('got/dir/sub/x'), 'utf8'), 'x')
    const {stdout} = await ok(['get', '-r', 'many', '--out', 'never', '--dry-run', '--json'])
    assert.equal(existsSync(here('never')), false)
    assert.equal(JSON.parse(stdout).dry_run, true)
    assert.equal(JSON.parse((await ok(['put', '-r', 'dir', 'never', '--dry-run', '--json'])).stdout).files, 1)
    assert.equal(existsSync(there('never')), false)
  })

  it('refuse by a code of their own', async () => {
    await ok(['put', 'small', 'there'])
    await refused('no_such_file', 1, 'put', 'nope', 'x')
    await refused('no_such_file', 1, 'get', 'nope')
    await refused('no_such_file', 1, 'get', 'sub')
    await refused('exists', 1, 'put', '--no-clobber', 'small', 'there')
    await refused('exists', 1, 'get', '--no-clobber', 'there', '--out', 'small')
    await refused('usage', 2, 'put', 'small')
    await refused('usage', 2, 'put', 'dir', 'x')
    await refused('usage', 2, 'put', '-', 'small', 'x')
    await refused('usage', 2, 'get', '-r', 'sub', '--out', '-')
    await refused('usage', 2, 'get', 'there', '--resume', '--no-verify')
    await refused('transfer_failed', 1, 'put', 'small', '/proc/x/y')
  })

  it('keep the order of paths that are the same', async () => {
    await ok(['put', '--', 'small', 'small'])
    await refused('usage', 2, 'put', 'small', 'large', 'small', 'x')
  })

  it('go on where the line was cut, over another connection; what was there before stays until then', async () => {
    await ok(['disconnect', '--all'])
    const relay = await startSlowRelay(workspace.sshd.port, 0)
    const {port, known_hosts: pins} = workspace.bundle
    try {
      const pin = `[127.0.0.1]:${relay.port} ${workspace.sshd.hostKey}\n`
      Object.assign(workspace.bundle, {port: relay.port, known_hosts: pin})
      const big = Buffer.concat([bytes, bytes, bytes, bytes])
      writeFileSync(here('big'), big)
      writeFileSync(there('big'), 'old')
      await ok(['connect', 'calm-reed', '--wait', '--force'])
      const lost = workspace.run(['put', 'big', 'big', '--json'])
      await until(
        () => hasPart(),
        () => 'no part',
      )
      relay.cut()
      const {error, retryable, hint} = JSON.parse((await lost).stdout)
      assert.deepEqual([error, retryable], ['connection_lost', true])
      assert.match(hint, /--resume/)
      assert.equal(readFileSync(there('big'), 'utf8'), 'old')
    } finally {
      Object.assign(workspace.bundle, {port, known_hosts: pins})
    }
    await ok(['connect', 'calm-reed', '--wait', '--force'])
    await ok(['put', '--resume', 'big', 'big'])
    assert.ok(readFileSync(there('big')).equals(readFileSync(here('big'))))
  })
  const hasPart = (): boolean => readdirSync(there('.')).some((name) => name.startsWith('.runcode-'))

  it('end with 130 at Ctrl-C, and what runs there ends with them', async () => {
    const child = workspace.start(['put', '-', 'endless'])
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))
    child.stdin?.on('error', () => undefined).write(bytes)
    await until(
      () => existsSync(there('endless')) || isWriting(),
      () => 'it never began',
    )
    child.kill('SIGINT')
    assert.equal(await ended, 130)
    await until(
      () => !isWriting(),
      () => 'it goes on there',
    )
    assert.equal(existsSync(there('endless')), false)
  })
  /** Other tests put streams at the same time. */
  const isWriting = (): boolean =>
    listProcesses('runcode-').some((line) => line.includes('stream') && line.includes('endless'))
})

/** It hands on text alone, and no end of stdin. */
const TEXT_GATEWAY = String.raw`ForceCommand f=$(mktemp -u) && mkfifo "$f" || exit 125
{ cat; exec sleep 20; } <&0 >"$f" 2>/dev/null &
sh -c "$SSH_ORIGINAL_COMMAND" <"$f" | LC_ALL=C tr '\200-\377' '?'
kill "$!"; rm -f "$f"`
  .replaceAll('\n', '; ')
  .replaceAll('&; ', '& ')

describe('put and get at a gateway whose streams are text, and never end', function () {
  this.timeout(60_000)
  let workspace: SshdWorkspace
  const here = (name: string): string => join(workspace.tree, name)

  before(async function () {
    needSshd(this)
    workspace = await startSshdWorkspace([TEXT_GATEWAY])
    assert.equal((await workspace.run(['connect', 'calm-reed', '--wait'])).status, 0)
    mkdirSync(here('folder'))
    for (const name of ['large', 'folder/small']) writeFileSync(here(name), randomBytes(name === 'large' ? BYTES : 99))
  })
  after(() => workspace?.remove())

  it('bring files there and back, byte for byte, where the session knows it', async () => {
    const {config} = JSON.parse((await workspace.run(['connect', 'calm-reed', '--json'])).stdout)
    const file = join(dirname(config), 'session.json')
    writeFileSync(file, JSON.stringify({...JSON.parse(readFileSync(file, 'utf8')), streams: 'text'}))
    for (const words of [
      ['put', 'large', 'far'],
      ['put', '-r', 'folder', 'far-folder'],
      ['get', 'far', '--out', 'back'],
      ['get', '-r', 'far-folder', '--out', 'back-folder'],
    ]) {
      const {status, stdout, stderr} = await workspace.run(words)
      assert.deepEqual([status, stderr], [0, ''], words.join(' ') + stdout)
    }
    assert.ok(readFileSync(here('back')).equals(readFileSync(here('large'))))
    assert.ok(readFileSync(here('back-folder/small')).equals(readFileSync(here('folder/small'))))
  })
})
