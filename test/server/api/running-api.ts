import {mkdtempSync, rmSync} from 'node:fs'
import {type Agent, type RequestOptions, request} from 'node:https'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createApi} from '../../../src/server/api/create-api.ts'
import {ensureAuthority} from '../../../src/server/certificate-authority/ensure-authority.ts'
import {createLogins} from '../../../src/server/logins.ts'
import {createPower} from '../../../src/server/power.ts'
import type {Runtime} from '../../../src/server/runtime/runtime.ts'
import {openStore} from '../../../src/server/store/open-store.ts'
import type {Store} from '../../../src/server/store/store.ts'

export const NOON = new Date('2030-01-02T12:00:00.700Z')
export const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHqN'

export interface Answer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  /** Parsed where it is JSON, else the text. */
  readonly body: unknown
}

/** An API on a real port with a real store, over a runtime whose work ends when the test says so. */
export interface RunningApi {
  /** Holds the store. */
  readonly folder: string
  readonly store: Store
  readonly port: number
  /** Owner token. */
  readonly owner: string
  readonly user: string
  readonly runtime: HeldRuntime
  readonly disconnected: number[]
  readonly disconnectedTokens: number[]
  readonly activityCount: () => number
  /** By the owner, unless `headers` say otherwise. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>
  settled(): Promise<void>
  close(): Promise<void>
}

export interface AskOptions {
  readonly body?: unknown
  readonly headers?: Record<string, string>
  /** For a connection that is used again; else each request has its own. */
  readonly agent?: Agent
}

/** Resolves at once unless held; then when released. */
export interface HeldRuntime extends Runtime {
  hold(): void
  release(failure?: Error): void
  readonly calls: string[]
}

export async function runApi(): Promise<RunningApi> {
  const folder = mkdtempSync(join(tmpdir(), 'runcode-api-'))
  const store = openStore(join(folder, 'store.db'))
  const authority = await ensureAuthority(join(folder, 'authority'), new Date())
  const runtime = heldRuntime()
  const disconnected: number[] = []
  const disconnectedTokens: number[] = []
  const now = (): Date => NOON
  const power = createPower({store, runtime, now, disconnect: async (id) => void disconnected.push(id)})
  let activityCount = 0
  const api = createApi({
    store,
    runtime,
    power,
    disconnectToken: (id) => disconnectedTokens.push(id),
    logins: createLogins(now),
    webBase: 'http://localhost:4080',
    gateway: {host: '127.0.0.1', port: 4022, hostPublicKey: HOST_KEY},
    tls: authority,
    version: '1.2.3',
    idleSeconds: 600,
    now,
    onActivity: () => {
      activityCount += 1
    },
  })
  const port = await api.listen(0)
  const owner = store.tokens.create({name: 'owner', scope: 'owner'}, NOON).secret
  const user = store.tokens.create({name: 'ci', scope: 'user'}, NOON).secret
  return {
    folder,
    store,
    port,
    owner,
    user,
    runtime,
    disconnected,
    disconnectedTokens,
    activityCount: () => activityCount,
    ask: (method, path, {body, headers, agent = false} = {}) => {
      const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
      const type: Record<string, string> = text === undefined ? {} : {'content-type': 'application/json'}
      const all = {authorization: `Token ${owner}`, ...type, ...headers}
      return send(
        {host: 'localhost', servername: 'localhost', port, ca: authority.ca, agent, method, path, headers: all},
        text,
      )
    },
    settled: power.settled,
    close: async () => {
      runtime.release()
      await power.settled()
      await api.close()
      store.close()
      rmSync(folder, {recursive: true})
    },
  }
}

const send = (options: RequestOptions, text: string | undefined): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      let received = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        received += chunk
      })
      response.on('end', () =>
        resolve({status: response.statusCode, headers: response.headers, body: parsed(received)}),
      )
    })
    sent.on('error', reject).end(text)
  })

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const heldRuntime = (): HeldRuntime => {
  const calls: string[] = []
  let held: {promise: Promise<void>; release: (failure?: Error) => void} | undefined
  const work = (verb: string) => (workspace: {id: number}) => {
    calls.push(`${verb} ${workspace.id}`)
    return held?.promise ?? Promise.resolve()
  }
  return {
    calls,
    hold() {
      let release: (failure?: Error) => void = () => undefined
      const promise = new Promise<void>((resolve, reject) => {
        release = (failure) => (failure === undefined ? resolve() : reject(failure))
      })
      promise.catch(() => undefined)
      held = {promise, release}
    },
    release(failure) {
      held?.release(failure)
      held = undefined
    },
    start: work('start'),
    stop: work('stop'),
    remove: work('remove'),
    workdir: ({title}) => `/srv/${title}/project`,
    exec: () => {
      throw new Error('No test runs a command here.')
    },
    sftp: () => {
      throw new Error('No test runs an SFTP server here.')
    },
  }
}
