import type {Socket} from 'node:net'
import ssh2, {type Connection} from 'ssh2'
import {CLIENT_ALIVE_MS, CLIENT_ALIVE_QUESTIONS, CLOSE_LIMIT_MS, LOGIN_LIMIT_MS, MAX_UNSENT_BYTES} from '../limits.ts'
import {type Admitted, authenticate} from './authenticate.ts'
import {gateMessages} from './gate-messages.ts'
import type {GatewayOptions} from './gateway.ts'
import {limitRekeying} from './rekeying.ts'
import {serveChannels} from './serve-channels.ts'

/** OpenSSH sends its `eow@openssh.com` (see completeChannelRequests) only to a server whose name begins like its own. */
const IDENT = 'OpenSSH_compatible runcode'
/**
 * Cheap ones only: a stranger asks for a key exchange and need not do its own part of the work, which with ssh2's largest
 * group takes us 60 ms. Every client since OpenSSH 6.5 (2014) knows one of these.
 */
const KEY_EXCHANGES = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
] as const

export interface ConnectionOptions extends GatewayOptions {
  /** Whether one more may come by the key of this client's API token. */
  readonly hasRoom: (admitted: Admitted) => boolean
  /** Called at the end of the first key exchange, before `hasKeys` says so. */
  readonly onKeys: () => void
}

export interface ServedConnection {
  readonly hasKeys: () => boolean
  /** Undefined until the client is let in. */
  readonly admitted: () => Admitted | undefined
  /** Nothing starts on it any more. A client that was let in is told before the socket closes, a stranger is not. */
  end(): void
  /** Resolves when the socket is closed and every process that this connection started is gone. */
  readonly closed: Promise<void>
}

/** Speaks SSH on an accepted socket until it closes. */
export function serveConnection(socket: Socket, options: ConnectionOptions): ServedConnection {
  const {aliveMs = CLIENT_ALIVE_MS} = options
  const endings = new Set<Promise<unknown>>()
  let outcome: ReturnType<typeof authenticate> = {}
  let client: Connection | undefined
  let hasKeys = false
  let isReady = false
  let isEnding = false

  const crowdedOut = ({user}: Admitted): void => {
    outcome.refused = {user, reason: 'crowded', tries: 0}
    client?.end()
    setTimeout(() => socket.destroy(), CLOSE_LIMIT_MS).unref()
  }

  // One ssh2 server a socket: the library does not say which socket a connection came by.
  const ssh = new ssh2.Server(
    {
      hostKeys: [options.hostKey],
      ident: IDENT,
      // After the last question it waits once more.
      keepaliveInterval: aliveMs,
      keepaliveCountMax: CLIENT_ALIVE_QUESTIONS,
      algorithms: {compress: ['none'], kex: [...KEY_EXCHANGES]},
    },
    (connection) => {
      client = connection
      // Without a listener one malformed packet would end the whole program.
      connection.on('error', () => setTimeout(() => socket.destroy(), CLOSE_LIMIT_MS).unref())
      gateMessages(
        connection,
        () => isReady,
        () => socket.destroy(),
      )
      outcome = authenticate(connection, options.admit)
      const limitRekey = limitRekeying(connection, socket)
      // ssh2 listens by now, and not before: this has to come after it, and before more of what lets the client in.
      socket.on('data', () => {
        if (isReady) limitRekey()
      })
      connection.once('handshake', () => {
        options.onKeys()
        hasKeys = true
      })
      connection.once('ready', () => {
        const {admitted} = outcome
        if (admitted === undefined) return void socket.destroy()
        if (!options.hasRoom(admitted)) return crowdedOut(admitted)
        isReady = true
        clearTimeout(loginLimit)
        options.record('ssh_accepted', {workspace_id: admitted.workspace.id, user: admitted.user})
        // A pass that ended does not end a connection; a workspace that stopped does.
        const mayRun = (): boolean => !isEnding && options.admit(admitted.user)?.workspace.id === admitted.workspace.id
        const isKeyGood = (): boolean =>
          options.admit(admitted.user)?.keys.some(({publicKey}) => publicKey === admitted.publicKey) === true
        serveChannels(connection, {
          socket,
          mayListen: () => mayRun() && isKeyGood(),
          workspace: admitted.workspace,
          runtime: options.runtime,
          mayRun,
          onProcess: (ended) => {
            endings.add(ended)
            void ended.then(() => endings.delete(ended))
          },
        })
      })
    },
  )
  const loginLimit = setTimeout(() => socket.destroy(), LOGIN_LIMIT_MS)
  socket.setMaxListeners(0)
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      clearTimeout(loginLimit)
      const {refused} = outcome
      if (!isReady && refused !== undefined) options.record('ssh_refused', {...refused, user: auditName(refused.user)})
      void Promise.all(endings).then(() => resolve())
    })
  })
  ssh.injectSocket(socket)
  socket.on('data', () => holdWhileUnread(socket))
  return {
    hasKeys: () => hasKeys,
    admitted: () => (isReady ? outcome.admitted : undefined),
    end: () => {
      isEnding = true
      client?.end()
      if (isReady) setTimeout(() => socket.destroy(), CLOSE_LIMIT_MS).unref()
      else socket.destroy()
    },
    closed,
  }
}

/** A name that a stranger sent is kept only where it could be a workspace's. */
const auditName = (user: string): string | null => (/^[a-z0-9-]{1,64}$/.test(user) ? user : null)

const holdWhileUnread = (socket: Socket): void => {
  if (socket.writableLength <= MAX_UNSENT_BYTES || socket.isPaused()) return
  socket.pause()
  socket.once('drain', () => socket.resume())
}
