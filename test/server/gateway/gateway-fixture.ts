import {type ChildProcess, execFileSync, spawn} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import ssh2 from 'ssh2'
import {type Ending, endingOf} from '../../../src/core/process.ts'
import type {Gateway, GatewayOptions} from '../../../src/server/gateway/gateway.ts'
import {generateHostKey} from '../../../src/server/gateway/host-key.ts'
import {startGateway} from '../../../src/server/gateway/start-gateway.ts'
import {createProcessRuntime} from '../../../src/server/runtime/process-runtime/process-runtime.ts'
import type {Runtime, RuntimeWorkspace} from '../../../src/server/runtime/runtime.ts'

export const BRAVE: RuntimeWorkspace = {id: 1, title: 'brave-reed-1'}
export const CALM: RuntimeWorkspace = {id: 2, title: 'calm-reed-2'}

/** The API tokens by which the keys of the two were registered. */
export const TOKEN_OF: Readonly<Record<number, number>> = {[BRAVE.id]: 11, [CALM.id]: 12}

/** What ssh or another program printed, and how it ended. */
export interface Ran {
  readonly stdout: Buffer
  readonly stderr: string
  readonly ending: Ending
}

export interface GatewayFixture {
  readonly folder: string
  readonly gateway: Gateway
  readonly runtime: Runtime
  readonly port: number
  /** Workspaces that admit answers for, with their keys; a test may change it. */
  readonly admitted: Map<string, {workspace: RuntimeWorkspace; publicKeys: string[]}>
  readonly records: {event: string; facts: Readonly<Record<string, unknown>>}[]
  /** The ssh argv for a workspace, with the good key and the pinned host key; options come before the host. */
  sshArgs(options?: readonly string[], title?: string): string[]
  startSsh(args: readonly string[]): ChildProcess
  ssh(args: readonly string[], input?: Uint8Array | string): Promise<Ran>
  /** Starts a master; gives the options by which clients use it, and no connection of their own. */
  master(name: string, options?: readonly string[]): Promise<string[]>
  /** A client of ssh2's own, let in. */
  connect(): Promise<ssh2.Client>
  path(name: string): string
  close(): Promise<void>
}

/** A gateway over two started workspaces, whose keys are `brave` and `calm`, and an OpenSSH configuration for it. */
export async function openGateway(
  env: NodeJS.ProcessEnv = {PATH: process.env['PATH'], SHELL: '/bin/sh'},
  more: Pick<GatewayOptions, 'aliveMs'> = {},
): Promise<GatewayFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'))
  const path = (name: string): string => join(folder, name)
  const runtime = createProcessRuntime({folder: path('workspaces'), env})
  await runtime.start(BRAVE)
  await runtime.start(CALM)
  for (const name of ['brave', 'calm', 'unregistered']) makeKey(path(name))
  const admitted: GatewayFixture['admitted'] = new Map([
    [BRAVE.title, {workspace: BRAVE, publicKeys: [publicKeyOf(path('brave'))]}],
    [CALM.title, {workspace: CALM, publicKeys: [publicKeyOf(path('calm'))]}],
  ])
  const records: GatewayFixture['records'] = []
  const hostKey = generateHostKey()
  const gateway = await startGateway({
    address: '127.0.0.1',
    port: 0,
    hostKey: hostKey.privateKey,
    runtime,
    ...more,
    admit: (user) => {
      const entrance = admitted.get(user)
      if (entrance === undefined) return undefined
      const {workspace, publicKeys} = entrance
      return {workspace, keys: publicKeys.map((publicKey) => ({publicKey, tokenId: TOKEN_OF[workspace.id] ?? 0}))}
    },
    record: (event, facts) => records.push({event, facts}),
  })
  const {port} = gateway
  writeFileSync(path('known_hosts'), `[127.0.0.1]:${port} ${hostKey.publicKey}\n`)
  writeFileSync(path('config'), configText(port, path))
  const clients: ssh2.Client[] = []
  const children = new Set<ChildProcess>()

  const startSsh = (args: readonly string[]): ChildProcess => {
    const child = spawn('ssh', [...args], {env: {PATH: process.env['PATH']}, stdio: 'pipe'})
    children.add(child)
    child.once('close', () => children.delete(child))
    return child
  }
  const sshArgs: GatewayFixture['sshArgs'] = (options = [], title = BRAVE.title) => [
    ...['-F', path('config'), ...options],
    ...['-l', title, 'gateway'],
  ]
  const ssh: GatewayFixture['ssh'] = (args, input = '') => collect(startSsh(args), input)
  return {
    folder,
    gateway,
    runtime,
    port,
    admitted,
    records,
    path,
    sshArgs,
    startSsh,
    ssh,
    master: async (name, options = []) => {
      const control = ['-S', path(name)]
      startSsh(sshArgs([...control, ...options, '-M', '-N']))
      await until('the master listens', async () => {
        const {ending} = await ssh(sshArgs([...control, '-O', 'check']))
        return ending.kind === 'exited' && ending.code === 0
      })
      return [...control, '-o', 'ProxyCommand=false']
    },
    connect: async () => {
      const client = new ssh2.Client()
      clients.push(client)
      await new Promise<void>((resolve, reject) => {
        client.once('ready', resolve).once('error', reject)
        client.connect({host: '127.0.0.1', port, username: BRAVE.title, privateKey: readFileSync(path('brave'))})
      })
      return client
    },
    close: async () => {
      for (const client of clients) client.end()
      for (const child of children) child.kill('SIGKILL')
      await gateway.close()
      await runtime.remove(BRAVE)
      await runtime.remove(CALM)
      rmSync(folder, {recursive: true, force: true})
    },
  }
}

export const makeKey = (path: string): void => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', path])
}

export const publicKeyOf = (path: string): string => readFileSync(`${path}.pub`, 'utf8').trim()

const configText = (port: number, path: (name: string) => string): string => `Host gateway
  HostName 127.0.0.1
  Port ${port}
  BatchMode yes
  IdentityFile ${path('brave')}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile ${path('known_hosts')}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  LogLevel ERROR
`

export async function collect(child: ChildProcess, input: Uint8Array | string): Promise<Ran> {
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  const ending = await endingOf(child)
  return {stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString(), ending}
}

/** What a channel gave, with its exit event: a status, or null and the fields of exit-signal. */
export async function outcomeOf(channel: ssh2.ClientChannel): Promise<{stdout: string; exit: unknown[]}> {
  const chunks: Buffer[] = []
  let exit: unknown[] = []
  channel.on('data', (chunk: Buffer) => chunks.push(chunk))
  channel.stderr.resume()
  channel.on('exit', (...facts: unknown[]) => {
    exit = facts
  })
  await new Promise((resolve) => channel.once('close', resolve))
  return {stdout: Buffer.concat(chunks).toString(), exit}
}

/** Waits until a claim holds; throws after 10 s. */
export async function until(claim: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 10_000; performance.now() < end; ) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`not within 10 s: ${claim}`)
}

/** Whether a process is there and no zombie. */
export const isRunning = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
