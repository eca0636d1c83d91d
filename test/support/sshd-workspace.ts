import type {ChildProcess} from 'node:child_process'
import {mkdirSync} from 'node:fs'
import {join} from 'node:path'
import type {Context} from 'mocha'
import {useFakeAccount} from './fake-account.ts'
import {type FakeControlPlane, startFakeControlPlane} from './fake-control-plane.ts'
import {type RealSshd, startRealSshd, whyNoSshd} from './real-sshd.ts'
import {type Run, type RunOptions, runcode, startRuncode} from './runcode.ts'
import {skip} from './skip.ts'
import {type TemporaryHome, temporaryHome} from './temporary-home.ts'

/** A workspace `calm-reed` (41) behind OpenSSH's own server, and a home whose default account has it. */
export interface SshdWorkspace {
  readonly home: TemporaryHome
  /** A directory for `connect`. */
  readonly tree: string
  readonly sshd: RealSshd
  readonly plane: FakeControlPlane
  /** What the mint answers; a test changes what it wants to be otherwise. */
  readonly bundle: Record<string, unknown>
  /** Runs the program in the tree. */
  run(args: readonly string[], options?: Partial<RunOptions>): Promise<Run>
  start(args: readonly string[], options?: Partial<RunOptions>): ChildProcess
  remove(): Promise<void>
}

/** `options` are lines for the config of its sshd. */
export async function startSshdWorkspace(options: readonly string[] = []): Promise<SshdWorkspace> {
  const home = temporaryHome()
  const tree = join(home.path, 'tree')
  mkdirSync(tree)
  const sshd = await startRealSshd(options)
  const plane = await startFakeControlPlane()
  useFakeAccount(home.path, plane, 'rc_test-token')
  const bundle: Record<string, unknown> = {
    host: '127.0.0.1',
    port: sshd.port,
    user: sshd.user,
    known_hosts: `[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`,
    workdir: sshd.folder,
  }
  const row = {
    id: 41,
    title: 'calm-reed',
    custom_title: null,
    provider: 'aws',
    interim_state: '',
    current_state: 'running',
  }
  for (const [category, workspaces] of [
    ['active', [row]],
    ['shared', []],
  ] as const)
    plane.on('GET', `/api/rc/workspaces?category=${category}`, () => ({
      status: 200,
      body: {error: false, data: {workspaces}},
    }))
  plane.on('POST', '/api/rc/workspace/41/ssh-session', ({body}) => {
    sshd.admit((body as {public_key: string}).public_key)
    const rest = {
      expires_at: new Date(Date.now() + 1_800_000).toISOString(),
      credential: {type: 'key', certificate: null},
    }
    return {status: 200, body: {error: false, bundle: {...rest, ...bundle}}}
  })
  const surroundings = {env: home.env, cwd: tree}
  const run = (args: readonly string[], options?: Partial<RunOptions>): Promise<Run> =>
    runcode(args, {...surroundings, ...options})
  return {
    ...{home, tree, sshd, plane, bundle, run},
    start: (args, options) => startRuncode(args, {...surroundings, ...options}),
    remove: async () => {
      await run(['disconnect', '--all'])
      await sshd.stop()
      await plane.close()
      home.remove()
    },
  }
}

/** Skips a suite where there is no sshd. */
export function needSshd(hook: Context): void {
  const why = whyNoSshd()
  if (why !== undefined) skip(hook, why)
}
