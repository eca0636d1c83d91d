import {once} from 'node:events'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {request} from 'node:https'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {runServer} from '../../src/server/run-server.ts'
import type {ServerFacts} from '../../src/server/server-facts.ts'
import {serverFolder} from '../../src/server/server-folder.ts'
import type {Account} from './foreign-client.ts'

/** A whole server in a temporary folder, in this process. */
export interface RunningServer {
  /** Holds the server's folder and whatever a test puts beside it. */
  readonly root: string
  readonly facts: () => ServerFacts
  /** A token that uses workspaces and manages nothing. */
  userAccount(): Promise<Account>
  /** Its id; it is stopped. */
  makeWorkspace(title: string, customTitle?: string): Promise<number>
  /** Ends it and starts it again in the same folder. */
  restart(): Promise<void>
  remove(): Promise<void>
}

export async function startServerForTests(): Promise<RunningServer> {
  const root = mkdtempSync(join(tmpdir(), 'rc-server-'))
  const folder = serverFolder(join(root, 'server'))
  let run = await start(folder.root)
  const create = async (what: string, body: unknown): Promise<Readonly<Record<string, unknown>>> => {
    const {apiBase, caFile} = run.facts
    const headers = {
      authorization: `Token ${readFileSync(folder.ownerToken, 'utf8').trim()}`,
      'content-type': 'application/json',
    }
    const options = {method: 'POST', headers, agent: false, ca: readFileSync(caFile)}
    const sent = request(`${apiBase}/api/server/${what}`, options)
    sent.end(JSON.stringify(body))
    const [response] = (await once(sent, 'response')) as [AsyncIterable<Buffer>]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    return JSON.parse(Buffer.concat(chunks).toString())
  }
  return {
    root,
    facts: () => run.facts,
    userAccount: async () => {
      const {apiBase, caFile} = run.facts
      return {apiBase, caFile, token: String((await create('tokens', {name: 'foreign client'}))['token'])}
    },
    makeWorkspace: async (title, customTitle) =>
      Number((await create('workspaces', {title, ...(customTitle && {custom_title: customTitle})}))['id']),
    restart: async () => {
      await run.stop()
      run = await start(folder.root)
    },
    remove: async () => {
      await run.stop()
      rmSync(root, {recursive: true, force: true})
    },
  }
}

const start = async (folder: string): Promise<{facts: ServerFacts; stop: () => Promise<unknown>}> => {
  const abort = new AbortController()
  let ended: Promise<unknown> = Promise.resolve()
  const facts = await new Promise<ServerFacts>((resolve, reject) => {
    ended = runServer({
      folder,
      version: '1.2.3',
      env: {PATH: process.env['PATH'], SHELL: '/bin/sh'},
      apiPort: undefined,
      gatewayPort: undefined,
      idleSeconds: undefined,
      now: () => new Date(),
      onReady: resolve,
      signal: abort.signal,
    })
    ended.catch(reject)
  })
  return {
    facts,
    stop: () => {
      abort.abort()
      return ended
    },
  }
}
