import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {forgetManagedPass} from '../../src/session/managed-session.ts'
import {type ConnectProxy, startConnectProxy} from './connect-proxy.ts'
import {type ManagedStage, startManagedStage} from './managed-stage.ts'

/** How a gateway was connected to: by way of the proxy, or not. */
export interface Connections {
  readonly proxied: number
  readonly direct: number
}

/** A managed stage, and an HTTP proxy that its profile may name. */
export interface ProxiedStage extends ManagedStage {
  readonly tunnel: ConnectProxy
  /** The file of profiles. */
  readonly profiles: string
  /** Writes the `ssh_proxy` of the profile, whatever it is, as people do by hand. */
  name(sshProxy: unknown): void
  /** No session, no master, the proxy named and obliging. */
  reset(): Promise<void>
  /** How the gateway is connected to while something is done. */
  during<T>(work: () => Promise<T>): Promise<Connections & {readonly result: T}>
}

export async function startProxiedStage(): Promise<ProxiedStage | undefined> {
  const stage = await startManagedStage()
  if (stage === undefined) return undefined
  const tunnel = await startConnectProxy()
  const profiles = join(stage.home, '.config/runcode/cli/profiles.json')
  const name = (sshProxy: unknown): void => {
    const file = JSON.parse(readFileSync(profiles, 'utf8'))
    file.profiles.fake.ssh_proxy = sshProxy
    writeFileSync(profiles, JSON.stringify(file), {mode: 0o600})
  }
  const connections = (): Connections => {
    const ports = [...stage.sshd.log().matchAll(/^Connection from 127\.0\.0\.1 port (\d+) /gm)]
    const proxied = ports.filter(([, port]) => tunnel.ports.has(Number(port))).length
    return {proxied, direct: ports.length - proxied}
  }
  const stopStage = stage.stop
  return Object.assign(stage, {
    ...{tunnel, profiles, name},
    reset: async () => {
      await stage.attach()
      await stage.run(['disconnect', '--all'])
      await stage.settle('nobody')
      await forgetManagedPass(stage.state, stage.owner)
      await stage.attach()
      Object.assign(tunnel, {password: undefined, answer: undefined})
      tunnel.asked.length = 0
      name(tunnel.url)
    },
    during: async <T>(work: () => Promise<T>) => {
      const before = connections()
      const result = await work()
      const after = connections()
      return {proxied: after.proxied - before.proxied, direct: after.direct - before.direct, result}
    },
    stop: async () => {
      name(undefined)
      await stopStage()
      await tunnel.stop()
    },
  })
}
