import {type ChildProcess, spawn} from 'node:child_process'
import {mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {type ManagedHost, managedHost, proxyWords} from '../../src/session/managed-host.ts'
import type {PlannedAnswer} from './fake-control-plane.ts'
import {type FlightStage, startFlightStage} from './flight-stage.ts'
import {type ProgramOptions, type Ran, runProgram} from './foreign-client.ts'
import {listProcesses} from './processes.ts'
import type {RealSshd} from './real-sshd.ts'
import {BIN} from './runcode.ts'
import {temporaryHome} from './temporary-home.ts'

/** How ssh gets its connection: the socket itself, or bytes by way of us. */
export type Way = 'handed over' | 'relayed'

/** A managed host `runcode.calm-reed` behind a real sshd, with an entry as config-ssh writes it. */
export interface ManagedStage extends FlightStage {
  readonly host: ManagedHost
  /** The environment of a GUI: little more than PATH and HOME. */
  readonly env: Readonly<Record<string, string>>
  /** The ssh_config with the entry. */
  config(way: Way): string
  /** The entry with other lines before its own. */
  configWith(name: string, lines: readonly string[], way: Way): string
  ssh(args: readonly string[], options?: ProgramOptions & {readonly way?: Way}): Promise<Ran>
  /** Starts ssh with the entry; the caller talks to it and waits. stderr is not kept. */
  startSsh(args: readonly string[], way: Way): ChildProcess
  /** The command lines of our processes that are there, whatever they do. */
  proxies(): readonly string[]
  /** The command line of the proxy, as an entry has it. */
  proxy(way: Way): string
  /** Runs a program in that environment. */
  tool(file: string, args: readonly string[], options?: ProgramOptions): Promise<Ran>
  /** The answer to a mint, with some fields of the bundle otherwise. */
  minted(fields: Readonly<Record<string, unknown>>): PlannedAnswer
  /** The logs of all connections so far, one after the other. */
  logs(): string
}

export async function startManagedStage(): Promise<ManagedStage | undefined> {
  const stage = await startFlightStage()
  if (stage === undefined) return undefined
  const host = managedHost(stage.state, stage.owner)
  const {NODE_OPTIONS = '', RUNCODE_TEST_LEDGER = ''} = environment()
  // So that our processes can be told from those of other tests.
  symlinkSync(dirname(dirname(BIN)), join(stage.home, 'program'))
  const env = {HOME: stage.home, SHELL: '/bin/sh', NODE_OPTIONS, RUNCODE_TEST_LEDGER}
  const tool = (file: string, args: readonly string[], options: ProgramOptions = {}): Promise<Ran> =>
    runProgram(file, args, {cwd: stage.home, ...options, env: {...env, ...options.env}})
  const configWith = (name: string, lines: readonly string[], way: Way): string => {
    const file = join(stage.home, name)
    writeFileSync(file, `${[...lines, ...entry(host, stage, way)].join('\n')}\n`, {mode: 0o600})
    return file
  }
  const configs = {
    'handed over': configWith('handed-over', [], 'handed over'),
    relayed: configWith('relayed', [], 'relayed'),
  }
  const config = (way: Way): string => configs[way]
  return Object.assign(stage, {
    ...{host, config, configWith, tool, env},
    proxy: (way: Way) => proxyCommand(stage, way),
    ssh: (args: readonly string[], {way = 'handed over', ...options}: ProgramOptions & {readonly way?: Way} = {}) =>
      tool('ssh', ['-F', config(way), ...args], options),
    startSsh: (args: readonly string[], way: Way) =>
      spawn('ssh', ['-F', config(way), ...args], {
        env: {PATH: process.env['PATH'], ...env},
        stdio: ['pipe', 'pipe', 'ignore'],
      }),
    proxies: () => listProcesses(join(stage.home, 'program')),
    minted: (fields: Readonly<Record<string, unknown>>) => ({
      status: 200,
      body: {error: false, bundle: {...bundleOf(stage.sshd), ...fields}},
    }),
    logs: () => {
      const folder = join(stage.state, 'managed/logs')
      mkdirSync(folder, {recursive: true, mode: 0o700})
      const names = readdirSync(folder).toSorted()
      return names.map((name) => readFileSync(join(folder, name), 'utf8')).join('')
    },
  })
}

const proxyCommand = ({home, owner, sshd}: FlightStage, way: Way): string => {
  const words = [`"${process.execPath}"`, `"${join(home, 'program/bin/run.js')}"`, ...proxyWords(owner, sshd.user)]
  return `${way === 'handed over' ? '/usr/bin/env NODE_CHANNEL_FD=1 ' : ''}${words.join(' ')}`
}

const entry = (host: ManagedHost, stage: FlightStage, way: Way): readonly string[] => [
  'Host runcode.calm-reed',
  `  User ${stage.sshd.user}`,
  ...(way === 'handed over' ? ['  ProxyUseFdpass yes'] : []),
  `  ProxyCommand ${proxyCommand(stage, way)}`,
  `  IdentityFile "${host.identityFile}"`,
  '  IdentitiesOnly yes',
  '  IdentityAgent none',
  `  UserKnownHostsFile "${host.knownHostsFile}"`,
  `  HostKeyAlias ${host.alias}`,
  '  GlobalKnownHostsFile /dev/null',
  '  StrictHostKeyChecking yes',
  '  BatchMode yes',
  '  UpdateHostKeys no',
  '  ControlMaster no',
  '  ControlPath none',
  'Host *',
]

const bundleOf = ({port, user, hostKey}: RealSshd): Readonly<Record<string, unknown>> => ({
  ...{host: '127.0.0.1', port, user, known_hosts: `[127.0.0.1]:${port} ${hostKey}\n`},
  expires_at: new Date(Date.now() + 1_800_000).toISOString(),
})

const environment = (): Readonly<Record<string, string>> => {
  const {env, remove} = temporaryHome()
  remove()
  return env
}
