import assert from 'node:assert/strict'
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {delimiter, join} from 'node:path'
import {useFakeAccount} from './fake-account.ts'
import {type FakeControlPlane, startFakeControlPlane} from './fake-control-plane.ts'
import {type Run, runcode} from './runcode.ts'
import {type TemporaryHome, temporaryHome} from './temporary-home.ts'

/** What a command says where things are not as they should be. */
export interface Bad {
  readonly args: readonly string[]
  readonly status: number
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly retryable?: boolean
  /** What the JSON object has beside. */
  readonly facts?: Readonly<Record<string, unknown>>
  /** Steps and warnings that a person is told before, a line each. */
  readonly before?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The second run would wait for the first. */
  readonly inTurn?: boolean
}

export interface BadDays {
  readonly home: TemporaryHome
  /** Where commands are run. */
  readonly tree: string
  readonly state: string
  readonly plane: () => FakeControlPlane
  /** A workspace as the control plane lists it. */
  row(fields?: Readonly<Record<string, unknown>>): Record<string, unknown>
  answerList(...rows: readonly Record<string, unknown>[]): void
  answerPower(verb: 'start' | 'stop', body: Readonly<Record<string, unknown>>): void
  answerMint(fields?: Readonly<Record<string, unknown>>): void
  start(command: Pick<Bad, 'args' | 'env'>, json?: readonly string[]): Promise<Run>
  /** What was said, without the times, addresses and random names of this run. */
  plain(text: string): string
  /** Runs it for a person and for a program, and compares all that is said. */
  isSaid(bad: Bad): Promise<void>
  /** A folder as PATH, with some programs of this machine and some of our own making. */
  path(names: readonly string[], own?: Readonly<Record<string, string>>): {readonly PATH: string}
}

const LIST = '/api/rc/workspaces?category=active'
const MINT = '/api/rc/workspace/7/ssh-session'

/**
 * One workspace, running, at a control plane that a test plays, and a gateway that does not listen; a test makes worse
 * what it wants. After each test nothing half-written is left, and config is as it was.
 */
export function badDays(): BadDays {
  const home = temporaryHome()
  const tree = join(home.path, 'tree')
  const bin = join(home.path, 'bin')
  const state = join(home.path, '.local/state/runcode/cli')
  const config = join(home.path, '.config/runcode/cli')
  let plane: FakeControlPlane
  let kept = ''

  const row = (fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
    ...{id: 7, title: 'calm-reed', custom_title: 'Calm', provider: 'aws', interim_state: '', current_state: 'running'},
    ...fields,
  })
  const answerList = (...rows: readonly Record<string, unknown>[]): void =>
    plane.on('GET', LIST, () => ({status: 200, body: {error: false, data: {workspaces: rows}}}))
  const answerPower = (verb: 'start' | 'stop', body: Readonly<Record<string, unknown>>): void =>
    plane.on('GET', `/api/rc/workspace/${verb}`, () => ({status: 200, body}))
  const answerMint = (fields: Readonly<Record<string, unknown>> = {}, headers: Record<string, string> = {}): void =>
    plane.on('POST', MINT, () => {
      const known_hosts = `x ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)}`
      const expires_at = new Date(Date.now() + 1_800_000).toISOString()
      const bundle = {host: '127.0.0.1', port: 1, user: 'calm-reed', known_hosts, expires_at, ...fields}
      return {status: 200, headers, body: {error: false, bundle}}
    })

  const plain = (text: string): string =>
    text
      .replaceAll(home.path, '~')
      .replaceAll(plane.apiBase, 'https://plane')
      .replaceAll(/\bg[0-9a-f]{24}\b/g, '<generation>')
      .replaceAll(/[0-9a-f]{12}\.tmp/g, '<random>.tmp')
      .replaceAll(/ \(\d+\.\ds\)$/gm, '')
      .replaceAll(/\bafter \d+s\b/g, 'after a while')
      .replaceAll(/\b(port |127\.0\.0\.1:)\d{4,5}\b/g, '$1<port>')
  const start = ({args, env}: Pick<Bad, 'args' | 'env'>, json: readonly string[] = []): Promise<Run> =>
    runcode([args[0] ?? '', ...json, ...args.slice(1)], {env: {...home.env, ...env}, cwd: tree})

  /** Runs it for a person and for a program, and compares all that is said. */
  const isSaid = async (bad: Bad): Promise<void> => {
    const {status, code, message, hint, retryable = false, facts = {}, before = []} = bad
    const first = start(bad)
    if (bad.inTurn) await first
    const [human, json] = await Promise.all([first, start(bad, ['--json'])])
    const stderr = [...before, `runcode: ${message}`, `hint: ${hint}`, ''].join('\n')
    assert.deepEqual([human.status, human.stdout, plain(human.stderr)], [status, '', stderr])
    const object = JSON.parse(plain(json.stdout)) as Record<string, unknown>
    assert.equal(plain(json.stdout), `${JSON.stringify(object, undefined, 2)}\n`)
    // Which workspace was meant, and why, and how far a command came, is held by the tests of these.
    const elsewhere = ['workspace', 'profile', 'chosen_by', 'named', 'attached_to']
    for (const fact of [...elsewhere, 'phase', 'started', 'retry_safe', 'duration_ms', 'warnings'])
      if (!(fact in facts)) delete object[fact]
    const whole = {error: code, message, hint, retryable, ...facts}
    assert.deepEqual([json.status, object, json.stderr], [status, whole, ''])
  }

  const filesIn = (folder: string): readonly string[] =>
    existsSync(folder) ? readdirSync(folder, {recursive: true, encoding: 'utf8'}).toSorted() : []

  before(async () => {
    mkdirSync(tree)
    plane = await startFakeControlPlane()
    useFakeAccount(home.path, plane, 'rc_x')
    kept = filesIn(config)
      .map((name) => readFileSync(join(config, name), 'utf8'))
      .join()
    plane.on('GET', '/api/rc/workspaces?category=shared', () => ({
      status: 200,
      body: {error: false, data: {workspaces: []}},
    }))
  })
  beforeEach(() => {
    rmSync(state, {recursive: true, force: true})
    answerList(row())
    answerMint()
  })
  afterEach(() => {
    const files = filesIn(state)
    const generations = files.filter((path) => /g[0-9a-f]{24}$/.test(path))
    assert.deepEqual(
      files.filter((path) => /\.tmp$|\.breaking$|attachments/.test(path)),
      [],
    )
    assert.deepEqual(
      generations.filter((path) => !files.includes(`${path}/session.json`)),
      [],
    )
    assert.equal(
      filesIn(config)
        .map((name) => readFileSync(join(config, name), 'utf8'))
        .join(),
      kept,
    )
    assert.deepEqual(plane.unplanned, [])
  })
  after(async () => {
    await plane.close()
    home.remove()
  })

  const path: BadDays['path'] = (names, own = {}) => {
    rmSync(bin, {recursive: true, force: true})
    mkdirSync(bin)
    const folders = (process.env['PATH'] ?? '').split(delimiter)
    for (const name of names) {
      const folder = folders.find((one) => existsSync(join(one, name)))
      symlinkSync(join(folder ?? '', name), join(bin, name))
    }
    for (const [name, text] of Object.entries(own))
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, {mode: 0o755})
    return {PATH: bin}
  }

  return {home, tree, state, plane: () => plane, row, answerList, answerPower, answerMint, start, plain, isSaid, path}
}
