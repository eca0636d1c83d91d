import assert from 'node:assert/strict'
import {lstatSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {deadlineIn} from '../../src/core/deadline.ts'
import {withLock} from '../../src/core/lock.ts'
import {readCurrentSession, sessionsFolder} from '../../src/session/session-store.ts'
import {sweepGenerations} from '../../src/session/sweep.ts'
import type {FlightStage} from './flight-stage.ts'
import {isSoak} from './soak.ts'

const PRELOAD = new URL('kill-at-step.mjs', import.meta.url).href
/** What goes on behind the call: a program that was started, a connection. */
const IN_FLIGHT = new Set(['spawn', 'connect'])

export interface Victim {
  readonly args: readonly string[]
  readonly input?: string
  /** Each so many steps one is killed; in a soak every one. */
  readonly stride: number
  readonly prepare: () => Promise<void>
  /** Looks at what is left and goes on with it. */
  readonly verify: () => Promise<void>
}

/** Kills a command before its first step, its second, and so on, until one run has no more of them. Gives how many it had. */
export async function killAtSteps(stage: FlightStage, victim: Victim): Promise<number> {
  const {args, input, stride, prepare, verify} = victim
  const log = `${stage.home}.steps`
  const run = async (at: number, when: 'before' | 'after'): Promise<readonly string[] | undefined> => {
    await prepare()
    rmSync(log, {force: true})
    const env = {NODE_OPTIONS: `--import ${PRELOAD}`, KILL_HOME: stage.home, KILL_LOG: log}
    const {status, stderr} = await stage.run(args, {...env, KILL_AT: String(at), KILL_WHEN: when}, {input})
    const steps = readFileSync(log, 'utf8').split('\n').slice(0, -1)
    try {
      if (status !== 'SIGKILL') {
        assert.equal(status, 0, stderr)
        return steps
      }
      assertPrivate(stage)
      await verify()
      return undefined
    } catch (error) {
      throw new Error(`${args.join(' ')}, killed ${when} step ${at}: ${steps.join(' ')}`, {cause: error})
    }
  }
  const all = await run(0, 'before')
  assert.ok(all !== undefined)
  for (let at = 1; ; at += isSoak ? 1 : stride) {
    const end = await run(at, 'before')
    if (end !== undefined) {
      rmSync(log)
      assert.ok(end.length < at)
      return end.length
    }
    if (IN_FLIGHT.has(all[at - 1] ?? '')) await run(at, 'after')
  }
}

/** Nothing of ours can be read by anybody else. Public keys are as ssh-keygen makes them, in a private folder. */
function assertPrivate({home}: FlightStage): void {
  for (const top of ['.local/state/runcode/cli', '.cache/runcode/cli', '.config/runcode/cli']) {
    const folder = join(home, top)
    for (const name of ['', ...listOf(folder)]) {
      const {mode} = lstatSync(join(folder, name), {throwIfNoEntry: false}) ?? {mode: 0}
      if (!name.endsWith('.pub')) assert.equal(mode & 0o077, 0, `${join(top, name)} has mode ${mode.toString(8)}`)
    }
  }
}

const listOf = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder, {recursive: true, encoding: 'utf8'})
  } catch {
    return []
  }
}

/**
 * The next plain command works, as fast as ever; after a sweep of sessions, and a next attach, which clears the strays of
 * attachments, there is one session, whole, its master, and no stray.
 */
export async function assertWhole(stage: FlightStage): Promise<void> {
  const startMs = performance.now()
  const {status, stderr} = await stage.run(['exec', '--', 'true'])
  assert.equal(status, 0, stderr)
  assert.ok(performance.now() - startMs < 25_000, `exec took ${performance.now() - startMs} ms`)
  await stage.attach()
  const {state, owner} = stage
  const folder = sessionsFolder(state, owner)
  const later = {date: new Date(Date.now() + 3_600_000), uptimeSeconds: Number.MAX_SAFE_INTEGER, sleptSeconds: 0}
  await withLock(join(folder, 'lock'), deadlineIn(5000, new AbortController().signal), () =>
    sweepGenerations(state, owner, later),
  )
  await stage.settle('master')
  const session = await readCurrentSession(state, owner)
  assert.ok(session !== undefined)
  const {home} = stage
  const inHome = (path: string): string => path.slice(home.length + 1)
  const generation = ['config', 'id_ed25519', 'id_ed25519.pub', 'known_hosts', 'master', 'session.json']
  assert.deepEqual(
    stage
      .files()
      .filter((file) => !file.startsWith('.config/'))
      .map((file) => file.replace(/\b[0-9a-f]+\.json$/, 'x.json')),
    [
      inHome(session.controlPath ?? ''),
      '.local/state/runcode/cli/attachments/x.json',
      inHome(join(folder, 'current')),
      ...generation.map((name) => inHome(join(session.folder, name))),
    ],
  )
}
