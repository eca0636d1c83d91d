import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Context} from '../../src/actions/context.ts'
import {type ConfigSshInput, type ConfigSshResult, configSsh} from '../../src/actions/hosts/config-ssh.ts'
import {removeHosts, restoreConfig, type Undone} from '../../src/actions/hosts/undo-config-ssh.ts'
import {locateFolders} from '../../src/core/folders.ts'
import {useFakeAccounts} from './fake-account.ts'
import {type FakeControlPlane, startFakeControlPlane} from './fake-control-plane.ts'
import {type Run, type RunOptions, runcode} from './runcode.ts'
import {temporaryHome} from './temporary-home.ts'

/** A home with an ssh_config, and the accounts `fake`, its default, and `work`. */
export interface ConfigStage {
  readonly context: Context
  readonly home: string
  readonly env: Readonly<Record<string, string>>
  /** `~/.ssh/config` */
  readonly file: string
  /** Our own file, for those who include it. */
  readonly included: string
  /** What was said on stderr since the last clearing. */
  readonly said: string[]
  /** What the accounts list, as rows of the contract, own and shared ones. */
  list(account: 'fake' | 'work', own: readonly Row[], shared?: readonly Row[]): void
  write(text: string | Buffer): void
  read(): string
  /** The action, in this process. */
  make(input?: Partial<ConfigSshInput>): Promise<ConfigSshResult>
  remove(input?: {adopt?: boolean; isDryRun?: boolean}): Promise<Undone>
  restore(which?: string): Promise<Undone>
  /** The built program. */
  run(args: readonly string[], options?: Partial<RunOptions>): Promise<Run>
  /** A home without an ssh_config, and accounts without workspaces. */
  clear(): void
  stop(): Promise<void>
}

export interface Row {
  readonly id: number
  readonly title: string
  readonly custom_title?: string
}

const INPUT: ConfigSshInput = {
  ...{workspaces: [], all: false, profile: undefined, file: undefined, include: false, adopt: false},
  ...{multiplex: undefined, mode: 'write', program: {node: process.execPath, script: '/opt/runcode/bin/run.js'}},
}

export async function startConfigStage(): Promise<ConfigStage> {
  const {path: home, env, remove} = temporaryHome()
  const planes = {fake: await startFakeControlPlane(), work: await startFakeControlPlane()}
  const file = join(home, '.ssh/config')
  const said: string[] = []
  const folders = locateFolders({env, home, platform: process.platform, uid: process.getuid?.()})
  const context: Context = {
    ...{env, home, cwd: home, folders, program: {...INPUT.program, script: join(home, 'opt/run.js')}},
    now: () => ({date: new Date(), uptimeSeconds: 0, sleptSeconds: 0}),
    get interrupted() {
      return new AbortController().signal
    },
    progress: {step: (_title, work) => work(() => undefined)},
    warn: (message) => void said.push(message),
  }
  const stage: ConfigStage = {
    ...{context, home, env, file, said, included: join(folders.config, 'ssh_config')},
    list: (account, own, shared = []) => answerLists(planes[account], own, shared),
    write: (text) => {
      mkdirSync(join(home, '.ssh'), {recursive: true, mode: 0o700})
      rmSync(file, {force: true})
      writeFileSync(file, text, {mode: 0o600})
    },
    read: () => readFileSync(file, 'latin1'),
    make: (input = {}) => configSsh(context, {...INPUT, ...input}),
    remove: ({adopt = false, isDryRun = false} = {}) => removeHosts(context, {file: undefined, isDryRun, adopt}),
    restore: (which) => restoreConfig(context, {file: undefined, isDryRun: false, which}),
    run: (args, options = {}) => runcode(args, {cwd: home, ...options, env: {...env, ...options.env}}),
    clear: () => {
      for (const name of ['.ssh', '.local', '.config', '.cache'])
        rmSync(join(home, name), {recursive: true, force: true})
      useFakeAccounts(home, planes, 'rc_test-token')
      said.length = 0
      for (const account of ['fake', 'work'] as const) stage.list(account, [])
    },
    stop: async () => {
      await Promise.all(Object.values(planes).map((plane) => plane.close()))
      remove()
    },
  }
  stage.clear()
  return stage
}

const answerLists = (plane: FakeControlPlane, own: readonly Row[], shared: readonly Row[]): void =>
  plane.on('GET', '/api/rc/workspaces', ({path}) => {
    const rows = path.endsWith('=active') ? own : shared
    const workspaces = rows.map((row) => ({provider: 'aws', current_state: 'stopped', ...row}))
    return {status: 200, body: {error: false, data: {workspaces}}}
  })
