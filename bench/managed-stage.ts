import {writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {managedHost, proxyWords} from '../src/session/managed-host.ts'
import {renderBlock, renderHost} from '../src/user-ssh-config/render-hosts.ts'
import {parseWorkspaceId} from '../src/workspace/workspace.ts'
import type {Bench} from './bench.ts'
import {timeOf} from './measure.ts'
import {once, type Stage, sessionOf, usualStage} from './stage.ts'

/** A stage whose workspace is a managed host too, with a good pass and the very entry that config-ssh writes. */
export interface ManagedStage {
  readonly gateway: Stage['gateway']
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** ssh to the host: handed the connection by the proxy, by way of a proxy that relays, and with no proxy at all. */
  readonly handedOver: readonly string[]
  readonly relayed: readonly string[]
  readonly direct: readonly string[]
  /** What stands in the arguments of each proxy, as ps(1) shows them. */
  readonly proxy: string
}

export const managedStage = (bench: Bench): Promise<ManagedStage> =>
  once(bench, 'managed', async () => {
    const stage = await usualStage(bench)
    const {host, port, user, account, workspaceId} = sessionOf(stage)
    const owner = {account, workspaceId: parseWorkspaceId(workspaceId) ?? raise(`no workspace id: ${workspaceId}`)}
    const {identityFile, knownHostsFile, alias} = managedHost(stateOf(stage), owner)
    const [node = '', script = ''] = stage.runcode
    const words = proxyWords(owner, user)
    const files = {identityFile, knownHostsFile, hostKeyAlias: alias, proxyWords: words, controlPath: undefined}
    const lines = renderHost({...owner, alias: 'runcode.ws-1', label: 'ws-1', user}, files, {
      node,
      script,
    })
    const config = join(stage.cwd, 'ssh_config')
    writeFileSync(config, `${renderBlock([lines], {isNewFile: true}).join('\n')}\n`, {mode: 0o600})
    const ssh = (...options: string[]): readonly string[] => ['ssh', '-F', config, ...options, 'runcode.ws-1']
    const relay = `ProxyCommand=${[node, script, ...words].map((word) => `"${word}"`).join(' ')}`
    const managed = {
      ...{gateway: stage.gateway, env: stage.env, cwd: stage.cwd, handedOver: ssh()},
      proxy: [script, ...words].join(' '),
      relayed: ssh('-o', 'ProxyUseFdpass=no', '-o', relay),
      direct: ssh('-o', 'ProxyCommand=none', '-o', `HostName=${host}`, '-o', `Port=${port}`),
    }
    // Takes the pass.
    await timeOf([...managed.handedOver, 'true'], managed)
    return managed
  })

/** `<state>/sessions/<account>/<id>/<generation>` */
const stateOf = ({session}: Stage): string => dirname(dirname(dirname(dirname(session))))

const raise = (message: string): never => {
  throw new Error(message)
}
