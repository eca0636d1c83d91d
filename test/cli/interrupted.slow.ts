import assert from 'node:assert/strict'
import {existsSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {createServer, type Socket} from 'node:net'
import {join} from 'node:path'
import {spawn} from '@lydell/node-pty'
import {badDays} from '../support/bad-day.ts'
import {countProcesses, isAlive} from '../support/processes.ts'
import {BIN, startRuncode} from '../support/runcode.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const STATUS = {SIGINT: 130, SIGTERM: 143, SIGHUP: 129} as const
/** What a person waits for a prompt, and some more for a machine with much to do. */
const PROMPT_MS = 3000

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Ctrl-C, TERM and HUP, at many moments of what a command does. */
describe('interrupted', function () {
  this.timeout(300_000)
  const {home, tree, state, plane, row, answerList, answerMint} = badDays()
  const silent = createServer((socket: Socket) => void socket.on('error', () => undefined))

  before(async () => {
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  })
  after(() => {
    silent.close()
  })

  /** Starts a command, waits for its first request and then some, and sends the signal. */
  const interrupt = async (args: readonly string[], signal: NodeJS.Signals, delayMs: number) => {
    const seen = plane().requests.length
    const child = startRuncode(args, {env: home.env, cwd: tree})
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    const ended = new Promise((resolve) => child.on('close', (code, by) => resolve(code ?? by)))
    while (plane().requests.length === seen && child.exitCode === null) await pause(2)
    await pause(delayMs)
    const began = Date.now()
    child.kill(signal)
    const status = await ended
    return {status, said, tookMs: Date.now() - began}
  }

  const isTidy = async (): Promise<void> => {
    for (let tries = 0; countProcesses(home.path) > 0 && tries < 40; tries += 1) await pause(50)
    assert.equal(countProcesses(home.path), 0)
    const files = existsSync(state) ? readdirSync(state, {recursive: true, encoding: 'utf8'}) : []
    assert.deepEqual(
      files.filter((path) => /\.tmp$|\block$|attachments/.test(path)),
      [],
    )
    rmSync(state, {recursive: true, force: true})
  }

  for (const signal of SIGNALS) {
    it(`connect ends with 130 at ${signal}, whenever it comes`, async () => {
      for (let delayMs = 0; delayMs < 400; delayMs += 50) {
        const {status, said, tookMs} = await interrupt(['connect', 'calm-reed', '--wait'], signal, delayMs)
        assert.deepEqual([delayMs, status, said.split('\n').slice(-2)], [delayMs, 130, ['runcode: Interrupted.', '']])
        assert.ok(tookMs < PROMPT_MS, `${tookMs} ms`)
        await isTidy()
      }
    })

    it(`start ends with 130 at ${signal} while it waits`, async () => {
      answerList(row({current_state: 'starting'}))
      plane().on('GET', '/api/rc/workspace/start', () => ({status: 200, body: {error: false}}))
      for (const delayMs of [0, 50, 300, 700]) {
        const {status, tookMs} = await interrupt(['start', 'calm-reed'], signal, delayMs)
        assert.deepEqual([delayMs, status], [delayMs, 130])
        assert.ok(tookMs < PROMPT_MS, `${tookMs} ms`)
      }
    })

    it(`exec ends with 130 or 128 + n at ${signal}, whenever it comes before the command has begun`, async () => {
      const address = silent.address()
      answerMint({port: typeof address === 'object' ? address?.port : 0})
      for (let delayMs = 0; delayMs < 400; delayMs += 50) {
        const {status, tookMs} = await interrupt(['exec', '-w', 'calm-reed', '--', 'true'], signal, delayMs)
        assert.ok(status === 130 || status === STATUS[signal], `${delayMs} ms: ${status}`)
        assert.ok(tookMs < PROMPT_MS, `${tookMs} ms`)
        await isTidy()
      }
    })

    it(`list ends with 130 at ${signal} while it asks`, async () => {
      plane().on('GET', '/api/rc/workspaces?category=active', () => new Promise(() => undefined))
      const {status, said, tookMs} = await interrupt(['list'], signal, 20)
      assert.deepEqual([status, said], [130, 'runcode: Interrupted.\n'])
      assert.ok(tookMs < PROMPT_MS, `${tookMs} ms`)
    })
  }

  /** The program in a terminal, and what the terminal is like behind it. */
  const behind = async (words: string, shows: string, send: (pid: number) => Promise<void>): Promise<string> => {
    const pidFile = join(home.path, 'pid')
    rmSync(pidFile, {force: true})
    const line = `sh -c 'echo $$ > "${pidFile}"; exec "${process.execPath}" "${BIN}" ${words}'; echo "status $?"; stty -a`
    const terminal = spawn('sh', ['-c', line], {cols: 200, rows: 30, env: {...home.env, TERM: 'xterm'}, cwd: tree})
    let shown = ''
    terminal.onData((text) => {
      shown += text
    })
    const ended = new Promise((resolve) => terminal.onExit(resolve))
    for (let tries = 0; !shown.includes(shows) && tries < 200; tries += 1) await pause(50)
    assert.ok(shown.includes(shows), shown)
    const pid = Number(readFileSync(pidFile, 'utf8'))
    await send(pid)
    await ended
    assert.equal(isAlive(pid), false)
    return shown
  }
  const isRestored = (shown: string): void => {
    assert.match(shown, /status 1(?:30|43|29)\r\n/)
    const settings = shown.slice(shown.lastIndexOf('speed '))
    assert.match(settings, / echo /, settings)
    assert.match(settings, / icanon /, settings)
    assert.ok(shown.lastIndexOf('\u001b[?25h') >= shown.lastIndexOf('\u001b[?25l'), 'the cursor is hidden')
  }

  for (const signal of SIGNALS) {
    for (const [times, gapMs] of [
      [1, 0],
      [2, 0],
      [2, 20],
    ] as const) {
      const send = async (pid: number): Promise<void> => {
        for (let sent = 0; sent < times; sent += 1) {
          if (isAlive(pid)) process.kill(pid, signal)
          await pause(gapMs)
        }
      }
      it(`login leaves the terminal as it was at ${times} ${signal}, ${gapMs} ms apart`, async () =>
        isRestored(await behind('login --paste', 'Token for ', send)))

      it(`connect leaves the terminal as it was at ${times} ${signal}, ${gapMs} ms apart`, async () =>
        isRestored(await behind('connect calm-reed --wait', 'Waiting for SSH', send)))
    }
  }
})
