import {mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {type ManagedHost, managedHost, proxyWords} from '../../src/session/managed-host.ts'
import {type FlightStage, startFlightStage} from './flight-stage.ts'
import {type ProgramOptions, type Ran, runProgram} from './foreign-client.ts'
import {BIN} from './runcode.ts'
import {temporaryHome} from './temporary-home.ts'

/** How ssh gets its connection: the socket itself, or bytes by way of us. */
export type Way = 'handed over' | 'relayed'

/** A managed host `runcode.calm-reed` behind a real sshd, with an entry as config-ssh writes it. */
export interface ManagedStage extends FlightStage {
  readonly host: ManagedHost
  /** The ssh_config with the entry. */
  config(way: Way): string
  /** The entry with other lines before its own. */
  configWith(name: string, lines: readonly string[], way: Way): string
  ssh(args: readonly string[], options?: ProgramOptions & {readonly way?: Way}): Promise<Ran>
  /** Runs a program whose environment is that of a GUI: nothing but PATH and HOME. */
  tool(file: string, args: readonly string[], options?: ProgramOptions): Promise<Ran>
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
  const config = (way: Way): string => configWith(way.replace(' ', '-'), [], way)
  return Object.assign(stage, {
    ...{host, config, configWith, tool},
    ssh: (args: readonly string[], {way = 'handed over', ...options}: ProgramOptions & {readonly way?: Way} = {}) =>
      tool('ssh', ['-F', config(way), ...args], options),
    logs: () => {
      const folder = join(stage.state, 'managed/logs')
      mkdirSync(folder, {recursive: true, mode: 0o700})
      const names = readdirSync(folder).toSorted()
      return names.map((name) => readFileSync(join(folder, name), 'utf8')).join('')
    },
  })
}

const entry = (host: ManagedHost, {home, owner, sshd}: FlightStage, way: Way): readonly string[] => {
  const words = [`"${process.execPath}"`, `"${join(home, 'program/bin/run.js')}"`, ...proxyWords(owner, sshd.user)].join(' ')
  const handedOver = ['  ProxyUseFdpass yes', `  ProxyCommand /usr/bin/env NODE_CHANNEL_FD=1 ${words}`]
  return [
    'Host runcode.calm-reed',
    `  User ${sshd.user}`,
    ...(way === 'handed over' ? handedOver : [`  ProxyCommand ${words}`]),
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
}

const environment = (): Readonly<Record<string, string>> => {
  const {env, remove} = temporaryHome()
  remove()
  return env
}
