import type {Socket} from 'node:net'
import fastify from 'fastify'
import {KEEP_ALIVE_MS, MAX_API_CONNECTIONS, MAX_BODY_BYTES, REQUEST_LIMIT_MS} from '../limits.ts'
import type {ApiOptions, TlsPair} from './api-options.ts'
import {guard, HEALTH_PATH, refuseUnlessOwner} from './guard.ts'
import {healthRoute} from './health-route.ts'
import {limitStrangers} from './limit-strangers.ts'
import {loginRoutes} from './login-routes.ts'
import {ownerWorkspaceRoutes} from './owner-workspace-routes.ts'
import {answerFailure, Refusal, refusalBody} from './refusal.ts'
import {sshSessionRoute} from './ssh-session-route.ts'
import {tokenRoutes} from './token-routes.ts'
import {workspaceRoutes} from './workspace-routes.ts'

/** The HTTPS API of the server. */
export interface Api {
  /** Listens on 127.0.0.1, 0 for a free port, and gives the port. Rejects with the system's error. To be called once. */
  listen(port: number): Promise<number>
  /** New connections get this certificate. */
  renew(tls: TlsPair): void
  /** Stops listening and cuts every connection. */
  close(): Promise<void>
}

/** Makes the API; nothing listens yet. */
export function createApi(options: ApiOptions): Api {
  const {key, certificate} = options.tls
  const app = fastify({
    https: {
      key,
      cert: certificate,
      handshakeTimeout: REQUEST_LIMIT_MS,
      headersTimeout: REQUEST_LIMIT_MS,
      connectionsCheckingInterval: REQUEST_LIMIT_MS / 2,
    },
    requestTimeout: REQUEST_LIMIT_MS,
    // Of a connection that says nothing, also after its TLS handshake; a delete ends processes before it answers.
    connectionTimeout: 3 * REQUEST_LIMIT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    bodyLimit: MAX_BODY_BYTES,
    // HEAD would start and stop workspaces as GET does.
    exposeHeadRoutes: false,
    ajv: {customOptions: {coerceTypes: false}},
    frameworkErrors: (error, _request, {raw}) => {
      const head = {'content-type': 'application/json', 'cache-control': 'no-store'}
      raw.writeHead(400, head).end(JSON.stringify(refusalBody(400, error.message)))
    },
    clientErrorHandler: (_error, socket) => answerNoise(socket),
  })
  app.server.maxConnections = MAX_API_CONNECTIONS
  app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'))
  app.setErrorHandler(answerFailure(options))
  app.setNotFoundHandler(() => {
    throw new Refusal(404, 'There is nothing here.')
  })
  guard(app, options)
  limitStrangers(app)
  app.register(
    (rc, _, done) => {
      workspaceRoutes(rc, options)
      sshSessionRoute(rc, options)
      done()
    },
    {prefix: '/api/rc'},
  )
  app.register(
    (own, _, done) => {
      own.addHook('onRequest', async (request) => refuseUnlessOwner(request))
      healthRoute(own, options)
      ownerWorkspaceRoutes(own, options)
      tokenRoutes(own, options)
      loginRoutes(own, options)
      done()
    },
    {prefix: HEALTH_PATH},
  )
  const sockets = openSocketsOf(app.server)
  return {
    listen: async (port) => Number(new URL(await app.listen({host: '127.0.0.1', port})).port),
    renew: (tls) => app.server.setSecureContext({key: tls.key, cert: tls.certificate}),
    close: async () => {
      const closed = app.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** For a client to hear a last word. */
const LAST_WORD_MS = 1000

/** Node ends idle HTTP connections by itself, but waits for one that has not begun its TLS handshake. */
const openSocketsOf = (server: {
  on(event: 'connection', listener: (socket: Socket) => void): unknown
}): ReadonlySet<Socket> => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  return sockets
}

/** What is not HTTP, or not in time. */
const answerNoise = (socket: {readonly writable: boolean; end(text: string): unknown; destroy(): unknown}): void => {
  const body = JSON.stringify(refusalBody(400, 'This is not a request that the server understands.'))
  const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nConnection: close\r\n`
  if (socket.writable) socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  // A client may never end its own side.
  setTimeout(() => socket.destroy(), LAST_WORD_MS).unref()
}
