import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {spawn} from '@lydell/node-pty'
import ssh2 from 'ssh2'
import {type BadDays, badDays} from '../support/bad-day.ts'
import {BIN, type Run, runcode} from '../support/runcode.ts'

/** Titles, cursors, colours, links, clipboards, fonts: what a terminal would obey, C1 and line breaks included. */
const ESCAPES =
  '\u001b[2J\u001b[H\u001b]0;t\u0007\u001b]8;;http://x\u001b\\\u001b]52;c;eA==\u0007\u001bPq\u001b\\\u009b7m\u009d0;x\u009c'
const HIDDEN = '\u202e\u2066\u200b\u200d\ufeff\u3164\u00ad\u{e0041}'
const BROKEN = 'a\r\nb\nc\td\u0000e\u0007f\u0008g\u2028h\u0085i\ud800j\udc00'
const FLOOD = `z${'\u0335\u0489'.repeat(300)}`
const HOSTILE = {everything: `${ESCAPES}${HIDDEN}${BROKEN}${FLOOD}`, 'a mebibyte': '漢'.repeat(350_000)}
const LIMIT = 4000

/** What no screen may get. Tabs stand between the columns of a pipe. */
const FORBIDDEN = /[^\P{Cc}\n\t]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u3164]|\p{M}{7}/u
const isClean = (text: string): void => {
  const at = text.search(FORBIDDEN)
  assert.equal(at, -1, `${at}: ${JSON.stringify(text.slice(Math.max(0, at - 80), at + 80))}`)
}
/** What listr2 draws with: colours, erased lines, a cursor that goes up, is hidden and shown. */
const withoutDrawing = (shown: string): string =>
  shown.replaceAll(/\u001b\[(?:\?25[lh]|\?2026[lh]|(?:0|1|2|3\d|39|9\d|22)?m|\d*[AGK]|0?J|2K)|\r(?=\n)/g, '')

const addressOf = (server: ssh2.Server | undefined): {port: number} => server?.address() as {port: number}

/**
 * Whatever a control plane, a gateway or this machine calls its things: on a screen and in a pipe it is text, one row
 * stays one row, and JSON keeps it.
 */
describe('hostile strings', function () {
  this.timeout(60_000)
  const days: BadDays = badDays()
  const {home, tree, plane, row, answerList, answerMint, answerPower} = days
  const LIST = '/api/rc/workspaces?category=active'

  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = tree): Promise<Run> =>
    runcode(args, {env: {...home.env, ...env}, cwd})
  /** Runs it in a pipe and under --json; both must be clean, one sentence or one object. */
  const isQuiet = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
    const [human, json] = await Promise.all([run(args), run([args[0] ?? '', '--json', ...args.slice(1)])])
    for (const text of [human.stdout, human.stderr, json.stderr]) isClean(text)
    assert.ok(human.stderr.length < LIMIT, `${human.stderr.length} characters`)
    return JSON.parse(json.stdout) as Record<string, unknown>
  }
  const onTerminal = (...args: readonly string[]): Promise<string> => {
    const env = {...home.env, TERM: 'xterm-256color', NO_COLOR: ''}
    const terminal = spawn(process.execPath, [BIN, ...args], {cols: 120, rows: 40, env, cwd: tree})
    let shown = ''
    terminal.onData((text) => {
      shown += text
    })
    return new Promise((resolve) => terminal.onExit(() => resolve(shown)))
  }

  for (const [what, text] of Object.entries(HOSTILE)) {
    describe(`(${what})`, () => {
      it('of a workspace stay in their row and their column, and JSON keeps them', async () => {
        answerList(row({title: text, custom_title: text, interim_state: text, provider: 'aws'}), row({id: 8}))
        const [pipe, json] = await Promise.all([run(['list']), run(['list', '--json'])])
        isClean(pipe.stdout)
        const lines = pipe.stdout.split('\n')
        assert.deepEqual([lines.length, lines[0]?.split('\t').length, lines[1]?.split('\t').length], [3, 6, 6])
        const [first] = JSON.parse(json.stdout).workspaces as readonly {title: string; custom_title: string}[]
        assert.equal(first?.custom_title, text.trim().slice(0, 500))
        assert.ok(!/\ufffd|漢/.test(pipe.stdout.split('\n')[0]?.split('\t')[5] ?? ''), 'a command that holds the text')
      })

      it('of a refusal and of a name stay in one sentence', async () => {
        plane().on('GET', LIST, () => ({status: 403, headers: {'x-text': 'y'}, body: {error: true, message: text}}))
        assert.equal((await isQuiet('list'))['error'], 'forbidden')
        answerList(row({custom_title: text, current_state: text}))
        assert.equal((await isQuiet('connect', '7'))['error'], 'conflict')
        answerPower('start', {error: true, message: text})
        assert.equal((await isQuiet('start', '7'))['error'], 'start_failed')
      })

      it('of a workspace are drawn as text on a terminal', async () => {
        answerList(row({custom_title: text, current_state: 'stopped'}))
        answerPower('start', {error: true, message: text})
        const [list, connect] = await Promise.all([onTerminal('list'), onTerminal('connect', '7', '--start')])
        isClean(withoutDrawing(list))
        assert.equal(list.split('\r\n').length, 3)
        isClean(withoutDrawing(connect))
        assert.match(connect, /runcode: The control plane refused to start the workspace: /)
      })
    })
  }

  it('in a bundle are refused, or text', async () => {
    for (const field of ['host', 'user', 'workdir', 'web_url', 'known_hosts', 'expires_at', 'ssh_config']) {
      answerMint({[field]: `${ESCAPES}${HIDDEN}${BROKEN}`})
      const {error} = await isQuiet('connect', '7', '--force')
      assert.ok(['unsafe_bundle', 'connection_failed'].includes(String(error)), `${field}: ${error}`)
    }
  })

  it('in a web address are refused', async () => {
    answerMint({web_url: `https://x.test/${ESCAPES}${HIDDEN}`})
    const {error} = await isQuiet('open', '7', '--print')
    assert.equal(error, 'unsafe_bundle')
  })

  it('in headers and bodies of any form are text', async () => {
    for (const body of [{detail: ESCAPES}, {error: ESCAPES}, {message: {a: ESCAPES}}, ESCAPES, [ESCAPES], null]) {
      plane().on('GET', LIST, () => ({status: 500, headers: {'retry-after': 'a\u009b2J', date: 'x\u009b2J'}, body}))
      assert.equal((await isQuiet('list'))['error'], 'http_error')
    }
  })

  describe('of a gateway', () => {
    const servers: ssh2.Server[] = []
    const BANNER =
      'a\u001b[2J\u001b]52;c;eA==\u0007b\b\rc\nREMOTE HOST IDENTIFICATION HAS CHANGED\nx: Host key verification failed\n'
    before(async () => {
      const key = join(home.path, 'host_key')
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
      const server = new ssh2.Server({hostKeys: [readFileSync(key)], banner: BANNER}, (client) => {
        client.on('authentication', (context) => context.reject())
        client.on('error', () => undefined)
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      servers.push(server)
    })
    after(() => {
      for (const server of servers) server.close()
    })

    for (const args of [
      ['connect', '7'],
      ['exec', '-w', '7', '--', 'true'],
      ['ssh', '7', '--', 'true'],
    ]) {
      it(`never reach the screen, nor are they believed: ${args[0]}`, async () => {
        const {port} = addressOf(servers[0])
        answerMint({port, known_hosts: `x ${readFileSync(join(home.path, 'host_key.pub'), 'utf8')}`})
        const {error, ...rest} = await isQuiet(...args)
        assert.equal(error, 'auth_failed', JSON.stringify(rest))
      })
    }

    it('never reach the screen of a shell', async () => {
      const {port} = addressOf(servers[0])
      answerMint({port, known_hosts: `x ${readFileSync(join(home.path, 'host_key.pub'), 'utf8')}`})
      const {status, stderr} = await run(['ssh', '7'])
      assert.equal(status, 125)
      isClean(stderr.replaceAll('\r\n', '\n'))
    })
  })

  describe('of this machine', () => {
    const WORDS = `\u001b[2J\u202e\n\u009bx`
    for (const args of [
      [WORDS],
      ['list', WORDS],
      ['list', `--${WORDS}`],
      ['list', '--profile', WORDS],
      ['connect', WORDS],
      ['connect', `local:${WORDS}`],
      ['connect', '7', '--ttl', WORDS],
      ['login', '--store', WORDS],
      ['exec', '-w', WORDS, '--', 'true'],
      ['ssh', WORDS, '--', WORDS],
      ['server', WORDS],
      ['server', 'up', '--api-port', WORDS],
      ['server', 'token', 'revoke', WORDS],
    ]) {
      it(`in the command line are text: ${JSON.stringify(args.join(' '))}`, async () => {
        const {status, stdout, stderr} = await run(args)
        assert.ok(Number(status) > 0)
        assert.equal(stdout, '')
        isClean(stderr)
        assert.match(stderr, /^runcode: [^\n]+\nhint: [^\n]+\n$/)
      })
    }

    it('in the environment are text', async () => {
      for (const [name, value] of Object.entries({
        RUNCODE_PROFILE: WORDS,
        RUNCODE_API_BASE: WORDS,
        RUNCODE_TOKEN: WORDS,
        RUNCODE_CA_FILE: `/${WORDS}`,
        RUNCODE_WORKSPACE: WORDS,
        XDG_STATE_HOME: `/dev/null/${WORDS}`,
      })) {
        const {stdout, stderr} = await run(name === 'RUNCODE_WORKSPACE' ? ['exec', '--', 'true'] : ['doctor'], {
          [name]: value,
        })
        isClean(stdout)
        isClean(stderr)
      }
    })

    it('in the names of folders are text', async () => {
      const place = join(tree, WORDS)
      mkdirSync(place)
      writeFileSync(join(place, 'config'), '')
      const env = {XDG_STATE_HOME: join(place, 'state'), XDG_CONFIG_HOME: join(place, 'config')}
      const commands = [['status'], ['exec', '--', 'true'], ['doctor']]
      for (const args of [...commands, ['server', 'up'], ['server', 'status'], ['server', 'down', '--purge']]) {
        const {stdout, stderr} = await run(args, env, place)
        isClean(stdout)
        isClean(stderr)
      }
    })
  })
})
