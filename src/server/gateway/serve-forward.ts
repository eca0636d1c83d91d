import {connect, type NetConnectOpts, type Socket} from 'node:net'
import type {ServerChannel} from 'ssh2'
import {CONNECT_LIMIT_MS, FLUSH_LIMIT_MS} from '../limits.ts'
import {createChannelOutput} from './channel-output.ts'

/** Where a `direct-tcpip` channel wants to go (RFC 4254 section 7.2); undefined where that is no address. */
export const parseTcpTarget = ({destIP, destPort}: {destIP: string; destPort: number}): NetConnectOpts | undefined =>
  /^[A-Za-z0-9][A-Za-z0-9.:%_-]{0,254}$|^::[A-Fa-f0-9.:]{0,60}$/.test(destIP) && destPort >= 1 && destPort <= 0xffff
    ? {host: destIP, port: destPort}
    : undefined

/** Where a `direct-streamlocal@openssh.com` channel wants to go: an absolute path that fits into a socket address (unix(7)). */
export const parseSocketTarget = ({socketPath}: {socketPath: string}): NetConnectOpts | undefined =>
  /^\/\P{Cc}+$/u.test(socketPath) && Buffer.byteLength(socketPath) <= 107 ? {path: socketPath} : undefined

export interface ForwardOptions {
  readonly connection: Socket
  readonly accept: () => ServerChannel
  readonly reject: () => void
  readonly onClosed: () => void
}

/** Connects a channel with a target, each direction with its own end. Gives what ends it when the connection is gone. */
export function serveForward(
  options: NetConnectOpts,
  {connection, accept, reject, onClosed}: ForwardOptions,
): () => void {
  const target = connect({...options, allowHalfOpen: true, noDelay: true})
  const limit = setTimeout(() => target.destroy(), CONNECT_LIMIT_MS)
  let channel: ServerChannel | undefined
  target.on('error', () => undefined)
  target.once('connect', () => {
    clearTimeout(limit)
    channel = accept()
    join(channel, target, connection)
  })
  target.once('close', () => {
    clearTimeout(limit)
    if (channel === undefined) reject()
    onClosed()
  })
  return () => (channel === undefined ? target.destroy() : flushAndDestroy(target))
}

/**
 * Carries bytes between a channel and a socket, each direction with its own end. `channel.end()` would close both at once;
 * `eof()` ends ours only, and has to come after the last byte.
 */
export function join(channel: ServerChannel, target: Socket, connection: Socket): void {
  const closed = new Promise((resolve) => target.once('close', resolve))
  channel.on('error', () => undefined)
  channel.pipe(target)
  channel.once('close', () => flushAndDestroy(target))
  void createChannelOutput(channel, connection)
    .stdout(target)
    .then(() => channel.eof())
    .then(() => closed)
    .then(() => channel.close())
}

/** Ends a socket when it has taken what was written to it. */
export function flushAndDestroy(target: Socket): void {
  target.setTimeout(FLUSH_LIMIT_MS, () => target.destroy())
  target.destroySoon()
}
