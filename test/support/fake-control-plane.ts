import {mkdtemp, rm} from 'node:fs/promises'
import type {IncomingMessage} from 'node:http'
import {createServer} from 'node:https'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {ensureAuthority} from '../../src/server/certificate-authority/ensure-authority.ts'

/** A request as it came. `path` has its query. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  /** Parsed where it is JSON, else the text; undefined where there was none. */
  readonly body: unknown
}

/** An object goes out as JSON, a string as it is. */
export interface PlannedAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export type Handler = (request: SeenRequest) => PlannedAnswer | Promise<PlannedAnswer>

/** A control plane that answers what a test planned, over HTTPS with an authority of its own. */
export interface FakeControlPlane {
  /** `https://localhost:<port>` */
  readonly apiBase: string
  readonly caFile: string
  readonly requests: readonly SeenRequest[]
  /** Requests that nobody planned, as `GET /path`; each was answered with 500. A test that ends with one has failed. */
  readonly unplanned: readonly string[]
  /** Plans the answers for a path, with its query or for every query; a later plan replaces an earlier one. */
  on(method: string, path: string, handler: Handler): void
  close(): Promise<void>
}

export async function startFakeControlPlane(): Promise<FakeControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), 'runcode-control-plane-'))
  const {key, certificate, caFile} = await ensureAuthority(join(folder, 'authority'), new Date())
  const requests: SeenRequest[] = []
  const unplanned: string[] = []
  const handlers = new Map<string, Handler>()

  const answer = async (request: SeenRequest): Promise<PlannedAnswer> => {
    requests.push(request)
    const {method, path} = request
    const handler = handlers.get(`${method} ${path}`) ?? handlers.get(`${method} ${path.split('?')[0]}`)
    if (handler !== undefined) return await handler(request)
    unplanned.push(`${method} ${path}`)
    return {status: 500, body: {error: true, message: `Nobody planned ${method} ${path}.`}}
  }
  const server = createServer({key, cert: certificate}, (incoming, response) => {
    seen(incoming)
      .then(answer)
      .then(({status, headers, body}) => {
        const isText = typeof body === 'string'
        const type: Record<string, string> = isText || body === undefined ? {} : {'content-type': 'application/json'}
        response.writeHead(status, {...type, ...headers}).end(isText ? body : JSON.stringify(body))
      })
      .catch((error: unknown) => {
        unplanned.push(`${incoming.method} ${incoming.url}: ${error}`)
        response.destroy()
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    apiBase: `https://localhost:${(server.address() as AddressInfo).port}`,
    caFile,
    requests,
    unplanned,
    on: (method, path, handler) => void handlers.set(`${method} ${path}`, handler),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      await rm(folder, {recursive: true})
    },
  }
}

const seen = async (incoming: IncomingMessage): Promise<SeenRequest> => {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const {method = '', url = '', headers} = incoming
  return {method, path: url, authorization: headers.authorization, body: parsed(Buffer.concat(chunks).toString('utf8'))}
}

const parsed = (text: string): unknown => {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
