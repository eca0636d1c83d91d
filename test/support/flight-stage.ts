import assert from 'node:assert/strict'
import {mkdirSync, readdirSync, realpathSync} from 'node:fs'
import {join} from 'node:path'
import {writeAttachment} from '../../src/attachment/change-attachments.ts'
import {stopMaster} from '../../src/openssh/master.ts'
import type {SessionOwner} from '../../src/session/session.ts'
import {readCurrentSession} from '../../src/session/session-store.ts'
import type {WorkspaceId} from '../../src/workspace/workspace.ts'
import {useFakeAccount} from './fake-account.ts'
import {type FakeControlPlane, type PlannedAnswer, startFakeControlPlane} from './fake-control-plane.ts'
import {listProcesses} from './processes.ts'
import {type RealSshd, startRealSshd, whyNoSshd} from './real-sshd.ts'
import {type Run, runcode} from './runcode.ts'
import {temporaryHome} from './temporary-home.ts'

const ID = '41' as WorkspaceId

/** One workspace behind a real sshd, a control plane that a test plays, and a home with a tree that is attached to it. */
export interface FlightStage {
  readonly home: string
  readonly tree: string
  readonly state: string
  readonly owner: SessionOwner
  readonly plane: FakeControlPlane
  readonly sshd: RealSshd
  /** What a mint is answered with. Undefined: a pass for half an hour. */
  refuse: (() => PlannedAnswer | Promise<PlannedAnswer>) | undefined
  /** How long a mint takes. */
  mintMs: number
  /** How long a pass is worth. */
  lifetimeSeconds: number
  /** Public keys that were sent to the control plane so far. */
  mints(): number
  run(
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
    options?: {readonly input?: string | undefined; readonly limitBlocks?: number},
  ): Promise<Run>
  /** Ends the master of the current session, if it has one. */
  endMaster(): Promise<void>
  /** Attaches the tree, without asking anybody. */
  attach(tree?: string): Promise<void>
  /** Every file, link and socket of sessions and sockets, relative to the home. */
  files(): readonly string[]
  /** Waits until one master and no other process of this home is there, or with `nobody` none at all. */
  settle(whom: 'master' | 'nobody'): Promise<void>
  stop(): Promise<void>
}

/** Undefined where there is no sshd to play with; in CI that is a failure. */
export async function startFlightStage(): Promise<FlightStage | undefined> {
  const why = whyNoSshd()
  if (why !== undefined) {
    assert.ok(!process.env['CI'], `In CI nothing is skipped: ${why}`)
    return undefined
  }
  const {path: home, env, remove} = temporaryHome()
  const tree = join(realpathSync(home), 'tree')
  const state = join(home, '.local/state/runcode/cli')
  mkdirSync(tree)
  const sshd = await startRealSshd()
  const plane = await startFakeControlPlane()
  useFakeAccount(home, plane, 'rc_test-token')
  const isMint = ({method}: {method: string}): boolean => method === 'POST'
  const stage: FlightStage = {
    ...{home, tree, state, plane, sshd},
    owner: {account: 'fake', origin: plane.apiBase, workspaceId: ID},
    refuse: undefined,
    mintMs: 0,
    lifetimeSeconds: 1800,
    mints: () => plane.requests.filter(isMint).length,
    run: (args, more = {}, {input, limitBlocks} = {}) =>
      runcode(args, {
        env: {...env, ...more},
        cwd: tree,
        ...(input === undefined ? {} : {input}),
        ...(limitBlocks === undefined ? {} : {limitBlocks}),
      }),
    endMaster: async () => {
      const {controlPath} = (await readCurrentSession(state, stage.owner)) ?? {}
      if (controlPath !== undefined) await stopMaster(controlPath, {now: true})
      await stage.settle('nobody')
    },
    attach: (where = tree) => writeAttachment(state, {tree: where, born: '0', ...stage.owner, title: 'calm-reed'}),
    files: () =>
      ['.local/state/runcode/cli', '.cache/runcode/cli', '.config/runcode/cli']
        .flatMap((folder) => listOf(home, folder))
        .toSorted(),
    settle: async (whom) => {
      const isSettled = (there: readonly string[]): boolean =>
        whom === 'nobody' ? there.length === 0 : there.length === 1 && there[0]?.includes('[mux]') === true
      const until = performance.now() + 30_000
      while (!isSettled(listProcesses(home)) && performance.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 50))
      const there = listProcesses(home)
      assert.ok(isSettled(there), `expected ${whom}, found:\n${there.join('\n').replaceAll('\0', ' ')}`)
    },
    stop: async () => {
      await stage.attach()
      await stage.run(['disconnect', '--all'])
      await stage.settle('nobody')
      await sshd.stop()
      await plane.close()
      remove()
    },
  }
  plane.on('GET', '/api/rc/workspaces', ({path}) => ({
    status: 200,
    body: {error: false, data: {workspaces: path.endsWith('=active') ? [WORKSPACE] : []}},
  }))
  plane.on('GET', '/api/rc/workspace/stop', () => ({status: 200, body: {error: false}}))
  plane.on('POST', '/api/rc/workspace/41/ssh-session', async ({body}) => {
    if (stage.mintMs > 0) await new Promise((resolve) => setTimeout(resolve, stage.mintMs))
    if (stage.refuse !== undefined) return stage.refuse()
    sshd.admit((body as {public_key: string}).public_key)
    return {status: 200, body: {error: false, bundle: bundleOf(sshd, stage.lifetimeSeconds)}}
  })
  return stage
}

const WORKSPACE = {
  ...{id: 41, title: 'calm-reed', custom_title: null, provider: 'aws', interim_state: ''},
  current_state: 'running',
}

const bundleOf = (sshd: RealSshd, lifetimeSeconds: number): Readonly<Record<string, unknown>> => ({
  host: '127.0.0.1',
  port: sshd.port,
  user: sshd.user,
  known_hosts: `[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`,
  web_url: 'https://calm-reed.ws.example.com',
  workdir: sshd.folder,
  ssh_config: '',
  expires_at: new Date(Date.now() + lifetimeSeconds * 1000).toISOString(),
  credential: {type: 'key', certificate: null},
})

const listOf = (home: string, folder: string): readonly string[] => {
  try {
    return readdirSync(join(home, folder), {recursive: true, withFileTypes: true})
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(home.length + 1))
  } catch {
    return []
  }
}
