import {createServer, type Server} from 'node:http'
import fastify, {type FastifyInstance} from 'fastify'
import {systemCode} from '../../../core/errors.ts'
import {KEEP_ALIVE_MS, REQUEST_LIMIT_MS} from '../../limits.ts'
import {Refusal} from '../refusal.ts'
import {keepLatest} from './keep-latest.ts'
import {loginPage, type PageOptions} from './login-page.ts'
import {refusalPage} from './login-texts.ts'

/** The pages of the server, for a browser on this machine: http://localhost, which browsers treat as secure. */
export interface Pages {
  /** Listens on 127.0.0.1 and ::1, 0 for a free port, and gives the port. Rejects with the system's error. To be called once. */
  listen(port: number): Promise<number>
  close(): Promise<void>
}

const TIMES = {
  headersTimeout: REQUEST_LIMIT_MS,
  requestTimeout: REQUEST_LIMIT_MS,
  connectionsCheckingInterval: REQUEST_LIMIT_MS / 2,
  keepAliveTimeout: KEEP_ALIVE_MS,
}

/** Makes the pages; nothing listens yet. */
export function createPages(options: PageOptions): Pages {
  const app = fastify({
    http: TIMES,
    ...{requestTimeout: REQUEST_LIMIT_MS, connectionTimeout: REQUEST_LIMIT_MS, keepAliveTimeout: KEEP_ALIVE_MS},
    bodyLimit: 4096,
    exposeHeadRoutes: false,
    frameworkErrors: (error, _request, {raw}) => {
      const {headers, text} = refusalPage(error.message)
      raw.writeHead(400, headers).end(text)
    },
  })
  // A browser asks ::1 first. Somebody else who listens there would be taken for us, and be shown tickets.
  const other = createServer(TIMES, (request, response) => app.routing(request, response))
  const servers: readonly Server[] = [app.server, other]
  const closeSockets = servers.map(keepLatest)
  app.addHook('onRequest', async ({headers, socket}) => {
    if (headers.host !== `localhost:${socket.localPort}`) throw new Refusal(421, 'This server has another name.')
  })
  answerWithPages(app)
  loginPage(app, options)
  return {
    listen: async (wanted) => {
      const port = Number(new URL(await app.listen({host: '127.0.0.1', port: wanted})).port)
      await listenToo(other, port).catch(async (error: unknown) => {
        await app.close()
        throw error
      })
      return port
    },
    close: async () => {
      const closed = Promise.all([app.close(), other.listening && new Promise((resolve) => other.close(resolve))])
      for (const close of closeSockets) close()
      await closed
    },
  }
}

const answerWithPages = (app: FastifyInstance): void => {
  app.setNotFoundHandler(() => {
    throw new Refusal(404, 'There is nothing here.')
  })
  app.setErrorHandler((error, _request, reply) => {
    const {statusCode} = error as {readonly statusCode?: number}
    const isKnown = error instanceof Refusal || (statusCode !== undefined && statusCode < 500)
    const {headers, text} = refusalPage(
      isKnown ? (error as Error).message : 'The server made a mistake, or its disk is full.',
    )
    return reply
      .code(isKnown ? (statusCode ?? 400) : 500)
      .headers(headers)
      .send(text)
  })
}

/** A machine without IPv6 has nobody there. */
const listenToo = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(systemCode(error) ?? '')) resolve()
      else reject(error)
    })
    server.listen({host: '::1', port, ipv6Only: true}, resolve)
  })
