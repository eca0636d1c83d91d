import {mkdirSync, readFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {useFakeAccounts} from '../test/support/fake-account.ts'
import {type FakeControlPlane, startFakeControlPlane} from '../test/support/fake-control-plane.ts'
import {type RealSshd, startRealSshd, whyNoSshd} from '../test/support/real-sshd.ts'
import {BIN, runcode} from '../test/support/runcode.ts'
import {temporaryHome} from '../test/support/temporary-home.ts'
import type {Bench} from './bench.ts'

/** A place that is attached to a workspace, with a good pass and an open connection. */
export interface Stage {
  /** What answers on the far side. */
  readonly gateway: 'sshd' | 'server'
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** The words that run the program. */
  readonly runcode: readonly string[]
  /** Plain ssh with a command, over the master of the session. */
  readonly ssh: readonly string[]
  /** The same over a connection of its own. */
  readonly cold: readonly string[]
  /** The session's folder. */
  readonly session: string
}

const shared = new WeakMap<Bench, Map<string, Promise<unknown>>>()

/** One stage of each kind serves all rows of a bench. */
export const once = <T>(bench: Bench, name: string, make: () => Promise<T>): Promise<T> => {
  const stages = shared.get(bench) ?? new Map<string, Promise<unknown>>()
  shared.set(bench, stages)
  const made = stages.get(name) ?? make()
  stages.set(name, made)
  return made as Promise<T>
}

/** OpenSSH's own sshd behind a control plane that we play; our server where there is no sshd. */
export const usualStage = (bench: Bench): Promise<Stage> =>
  whyNoSshd() === undefined ? sshdStage(bench) : serverStage(bench)

/** Behind two control planes that we play, `few` with 10 workspaces and `many` with 10,000. */
export const sshdStage = (bench: Bench): Promise<Stage> =>
  once(bench, 'sshd', async () => {
    const sshd = await startRealSshd()
    bench.atEnd(sshd.stop)
    const planes = {few: await playedPlane(sshd, 10), many: await playedPlane(sshd, 10_000)}
    const place = placeIn(bench)
    for (const plane of Object.values(planes)) bench.atEnd(plane.close)
    useFakeAccounts(place.env['HOME'] ?? '', planes, 'rc_bench')
    bench.atEnd(() => runcode(['disconnect', '--all'], place))
    return connected('sshd', place, 'ws-1')
  })

/** Our own server with one workspace. */
export const serverStage = (bench: Bench): Promise<Stage> =>
  once(bench, 'server', async () => {
    const place = placeIn(bench)
    bench.atEnd(() => runcode(['server', 'down', '--purge'], place))
    await answerOf(place, 'server', 'up')
    await answerOf(place, 'server', 'workspace', 'create', 'ws-1')
    await answerOf(place, 'start', 'local:ws-1')
    return connected('server', place, 'local:ws-1')
  })

interface Place {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

const placeIn = (bench: Bench): Place => {
  const home = temporaryHome()
  bench.atEnd(home.remove)
  const cwd = join(home.path, 'tree')
  mkdirSync(cwd)
  const {RUNCODE_LOG: _log, ...env} = home.env
  return {env, cwd}
}

/** What a command of ours says under --json. Throws where it fails. */
export const answerOf = async (
  place: Place,
  ...args: readonly string[]
): Promise<Readonly<Record<string, unknown>>> => {
  const {status, stdout, stderr} = await runcode([...args, '--json'], place)
  if (status !== 0) throw new Error(`runcode ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`)
  return JSON.parse(stdout)
}

const connected = async (gateway: Stage['gateway'], place: Place, workspace: string): Promise<Stage> => {
  const {config, alias} = await answerOf(place, 'connect', workspace, '--wait')
  const [file, host] = [String(config), String(alias)]
  return {
    ...{...place, gateway, runcode: [process.execPath, BIN], session: dirname(file)},
    ssh: ['ssh', '-F', file, host],
    cold: ['ssh', '-F', file, '-o', 'ControlPath=none', host],
  }
}

const playedPlane = async (sshd: RealSshd, count: number): Promise<FakeControlPlane> => {
  const plane = await startFakeControlPlane()
  const facts = {custom_title: null, provider: 'example', interim_state: '', current_state: 'running'}
  const workspaces = Array.from({length: count}, (_, at) => ({id: at + 1, title: `ws-${at + 1}`, ...facts}))
  const listed = (some: readonly unknown[]) => () => ({status: 200, body: {error: false, data: {workspaces: some}}})
  plane.on('GET', '/api/rc/workspaces?category=active', listed(workspaces))
  plane.on('GET', '/api/rc/workspaces?category=shared', listed([]))
  plane.on('POST', '/api/rc/workspace/1/ssh-session', ({body}) => {
    sshd.admit((body as {public_key: string}).public_key)
    const bundle = {
      expires_at: new Date(Date.now() + 1_800_000).toISOString(),
      credential: {type: 'key', certificate: null},
      ...{host: '127.0.0.1', port: sshd.port, user: sshd.user},
      known_hosts: `[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`,
      ...{web_url: 'https://ws-1.ws.example.test', workdir: sshd.folder},
      ssh_config: 'Host runcode-x\n  HostName 127.0.0.1\n',
    }
    return {status: 200, body: {error: false, bundle}}
  })
  return plane
}

/** The session of a stage, as it lies on disk. */
export const sessionOf = ({
  session,
}: Stage): {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly account: string
  readonly workspaceId: string
  readonly privateKey: string
} => ({
  ...JSON.parse(readFileSync(join(session, 'session.json'), 'utf8')),
  privateKey: readFileSync(join(session, 'id_ed25519'), 'utf8'),
})
