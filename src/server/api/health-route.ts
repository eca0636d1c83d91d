import type {FastifyInstance} from 'fastify'
import type {ApiOptions} from './api-options.ts'

/** What the server says of itself to its owner. */
export function healthRoute(app: FastifyInstance, {version, gateway, webBase, idleSeconds}: ApiOptions): void {
  app.get('', async ({socket}) => ({
    name: 'runcode-server',
    version,
    pid: process.pid,
    gateway: {host: gateway.host, port: gateway.port},
    api_base: `https://localhost:${socket.localPort}`,
    web_base: webBase,
    idle_seconds: idleSeconds ?? null,
  }))
}
