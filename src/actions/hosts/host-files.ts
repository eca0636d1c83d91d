import {join} from 'node:path'
import {chooseControlPath} from '../../openssh/choose-control-path.ts'
import {managedHost, proxyWords} from '../../session/managed-host.ts'
import type {HostEntry} from '../../user-ssh-config/host-names.ts'
import type {HostWithFiles} from '../../user-ssh-config/plan-change.ts'
import type {Context} from '../context.ts'

/** Each host with what it has on this machine; `why` tells where there is no socket for a master although one is wanted. */
export async function filesOfHosts(
  {folders}: Context,
  hosts: readonly HostEntry[],
  isMultiplexed: boolean,
): Promise<{readonly hosts: readonly HostWithFiles[]; readonly why: string | undefined}> {
  let why: string | undefined
  const found: HostWithFiles[] = []
  for (const host of hosts) {
    const {identityFile, knownHostsFile, alias} = managedHost(folders.state, host)
    // What the entry names must be there after the next boot, which the runtime folder and /tmp need not.
    const socket = isMultiplexed ? await chooseControlPath([join(folders.cache, 'sockets')], alias) : undefined
    if (socket !== undefined && socket.path === undefined) why = socket.why
    const controlPath = socket?.path
    const words = proxyWords(host, host.user)
    found.push({host, files: {identityFile, knownHostsFile, hostKeyAlias: alias, proxyWords: words, controlPath}})
  }
  return {hosts: found, why}
}
