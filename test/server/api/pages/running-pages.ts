import {mkdtempSync, rmSync} from 'node:fs'
import {request} from 'node:http'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createPages} from '../../../../src/server/api/pages/create-pages.ts'
import {createLogins, type Logins} from '../../../../src/server/logins.ts'
import {openStore} from '../../../../src/server/store/open-store.ts'
import type {Store} from '../../../../src/server/store/store.ts'

export interface PageAnswer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

/** The pages on a real port, with a real store. */
export interface RunningPages {
  readonly port: number
  readonly origin: string
  readonly store: Store
  readonly logins: Logins
  /** Lets time pass. */
  pass(seconds: number): void
  ask(method: string, path: string, headers?: Record<string, string>, body?: string): Promise<PageAnswer>
  close(): Promise<void>
}

export async function runPages(): Promise<RunningPages> {
  const folder = mkdtempSync(join(tmpdir(), 'runcode-pages-'))
  const store = openStore(join(folder, 'store.db'))
  let nowMs = Date.parse('2030-01-02T12:00:00Z')
  const now = (): Date => new Date(nowMs)
  const logins = createLogins(now)
  const pages = createPages({store, logins, owner: 'me@<host>', now})
  const port = await pages.listen(0)
  return {
    ...{port, origin: `http://localhost:${port}`, store, logins},
    pass: (seconds) => {
      nowMs += seconds * 1000
    },
    ask: (method, path, headers = {}, body = undefined) =>
      new Promise((resolve, reject) => {
        const options = {
          host: '127.0.0.1',
          port,
          method,
          path,
          agent: false,
          headers: {host: `localhost:${port}`, ...headers},
        }
        const sent = request(options, (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk
          })
          response.on('end', () => resolve({status: response.statusCode, headers: response.headers, text}))
        })
        sent.on('error', reject).end(body)
      }),
    close: async () => {
      await pages.close()
      store.close()
      rmSync(folder, {recursive: true})
    },
  }
}
