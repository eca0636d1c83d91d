import {fstatSync, type Stats} from 'node:fs'
import type {Socket} from 'node:net'
import {isatty} from 'node:tty'
import type {ManagedTarget} from '../actions/proxy.ts'
import {parseWorkspaceId} from '../workspace/workspace.ts'

/** `proxy <profile>/<workspace id> <user>`; undefined for everything else, which is oclif's. */
export function parseProxyWords(argv: readonly string[]): ManagedTarget | undefined {
  const [command, name = '', user = '', ...rest] = argv
  const [, profile, id = ''] = /^([a-z0-9-]{1,20})\/(.+)$/.exec(name) ?? []
  const workspaceId = parseWorkspaceId(id)
  if (command !== 'proxy' || profile === undefined || workspaceId === undefined || rest.length > 0) return undefined
  return /^(?!-)[A-Za-z0-9._-]{1,128}$/.test(user) ? {profile, workspaceId, user} : undefined
}

/**
 * How ssh gets its connection. `handed over`: it waits for a socket, has one for both our streams, and Node took that for
 * its channel (NODE_CHANNEL_FD). `again`: Node took what is no such socket, so that we can't use it. `relayed`: the bytes
 * go through us. `person`: nobody is there to take them.
 */
export type ProxyWay = 'handed over' | 'again' | 'relayed' | 'person'

export function proxyWay(): ProxyWay {
  const [input, output] = [statsOf(0), statsOf(1)]
  if (process.channel === undefined) return output?.isCharacterDevice() === true && isatty(1) ? 'person' : 'relayed'
  return output?.isSocket() === true && output.ino === input?.ino ? 'handed over' : 'again'
}

/** Opens the connection to a managed host, until `ended`. */
export type Reach = (ended: AbortSignal) => Promise<Socket>

const statsOf = (fd: number): Stats | undefined => {
  try {
    return fstatSync(fd)
  } catch {
    return undefined
  }
}
