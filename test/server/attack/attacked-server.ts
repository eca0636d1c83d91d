import type {ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync} from 'node:fs'
import {request} from 'node:https'
import {connect} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import ssh2 from 'ssh2'
import type {ServerFacts} from '../../../src/server/server-facts.ts'
import {type ServerFolder, serverFolder} from '../../../src/server/server-folder.ts'
import {startProgram} from '../../support/start-program.ts'

export interface Answer {
  readonly status: number | undefined
  readonly body: Readonly<Record<string, unknown>>
}

export interface AskOptions {
  readonly body?: unknown
  /** The owner's unless given. */
  readonly token?: string
}

/** A key that was minted for a workspace. */
export interface Pass {
  readonly user: string
  readonly privateKey: string
  readonly publicKey: string
}

/** A server that runs as a process of its own, for attacks on it from here. */
export interface AttackedServer {
  readonly pid: number
  readonly facts: ServerFacts
  readonly folder: ServerFolder
  readonly ownerToken: string
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>
  /** Makes and starts a workspace; gives its id. */
  runningWorkspace(title: string): Promise<number>
  mint(workspaceId: number, token?: string): Promise<Pass>
  /** A client that was let in. Rejects where it is not within 10 s. */
  enter(pass: Pass): Promise<ssh2.Client>
  /** Does what a good user does, mint, enter and run; gives how long that took. Throws where anything fails. */
  serveAGoodUser(workspaceId: number): Promise<{readonly elapsedMs: number}>
  /** Resident memory; 0 where the system has no proc(5). */
  rssBytes(): number
  /** Open descriptors, without the pipes that it keeps ready for commands; likewise. */
  openFiles(): number
  isAlive(): boolean
  kill(signal: NodeJS.Signals): Promise<void>
  /** Ends it if it runs, and removes all that it left. */
  remove(): Promise<void>
}

/** Starts a server in `root`, or in a new folder. */
export async function attackedServer(root = mkdtempSync(join(tmpdir(), 'attacked-'))): Promise<AttackedServer> {
  const folder = serverFolder(join(root, 'server'))
  const child = startProgram(new URL('./server-program.ts', import.meta.url), [folder.root])
  const facts = await factsOf(child)
  const {pid} = facts
  const ownerToken = readFileSync(folder.ownerToken, 'utf8').trim()
  const ask: AttackedServer['ask'] = (method, path, {body, token = ownerToken} = {}) =>
    send({port: facts.apiPort, ca: readFileSync(folder.caFile), method, path, token}, body)
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (!isAlive()) return
    const ended = once(child, 'close')
    child.kill(signal)
    await ended
  }
  const server: AttackedServer = {
    pid,
    facts,
    folder,
    ownerToken,
    ask,
    runningWorkspace: async (title) => {
      const {body} = await ask('POST', '/api/server/workspaces', {body: {title}})
      await ask('GET', `/api/rc/workspace/start?workspace_id=${body['id']}`)
      await until('the workspace runs', async () => {
        const {body: all} = await ask('GET', '/api/server/workspaces')
        const list = all['workspaces'] as {title: string; interim_state: string; current_state: string}[]
        return list.some((one) => one.title === title && `${one.interim_state}${one.current_state}` === 'running')
      })
      return Number(body['id'])
    },
    mint: async (workspaceId, token = ownerToken) => {
      const {privateKey, publicKey} = newKeyPair()
      const path = `/api/rc/workspace/${workspaceId}/ssh-session`
      const {status, body} = await ask('POST', path, {body: {public_key: publicKey}, token})
      if (status !== 200) throw new Error(`mint: ${status} ${JSON.stringify(body)}`)
      return {user: (body['bundle'] as {user: string}).user, privateKey, publicKey}
    },
    enter: (pass) => enter(facts.gatewayPort, pass),
    serveAGoodUser: async (workspaceId) => {
      const start = performance.now()
      const client = await server.enter(await server.mint(workspaceId))
      const said = await outputOf(client, 'echo good')
      client.end()
      if (said !== 'good\n') throw new Error(`the good user got ${JSON.stringify(said)}`)
      return {elapsedMs: performance.now() - start}
    },
    rssBytes: () =>
      process.platform !== 'linux'
        ? 0
        : 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
    openFiles: () =>
      process.platform !== 'linux' ? 0 : readdirSync(`/proc/${pid}/fd`).filter((fd) => !isPipeOf(pid, fd)).length,
    isAlive,
    kill,
    remove: async () => {
      await kill('SIGTERM')
      rmSync(root, {recursive: true, force: true})
    },
  }
  return server
}

const isPipeOf = (pid: number, fd: string): boolean => {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`).includes('/.pipes/')
  } catch {
    return false
  }
}

/** Waits until a claim holds; throws after the limit. */
export async function until(claim: string, holds: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  for (const end = performance.now() + limitMs; performance.now() < end; ) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`not within ${limitMs} ms: ${claim}`)
}

/** All that a command prints on stdout until its channel closes. */
export const outputOf = (client: ssh2.Client, command: string): Promise<string> =>
  new Promise((resolve, reject) => {
    client.once('close', () => reject(new Error('the connection was closed')))
    client.exec(command, (error, channel) => {
      if (error) return reject(error)
      let text = ''
      channel.on('data', (chunk: Buffer) => {
        text += chunk
      })
      channel.stderr.resume()
      channel.on('close', () => resolve(text))
    })
  })

/** An ed25519 key pair as OpenSSH writes it; the public key is `type base64`. */
export const newKeyPair = (): {privateKey: string; publicKey: string} => {
  // One pair in 256 cannot be read; see generateHostKey.
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519')
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error))
      return {privateKey: pair.private, publicKey: pair.public.trim()}
  }
}

const enter = (port: number, {user, privateKey}: Pass): Promise<ssh2.Client> =>
  new Promise((resolve, reject) => {
    const client = new ssh2.Client()
    client.once('ready', () => resolve(client)).on('error', reject)
    client.once('close', () => reject(new Error('closed before the client was let in')))
    // ssh2's own socket waits for acknowledgements, 40 ms each.
    const sock = connect({port, host: '127.0.0.1', noDelay: true})
    client.connect({sock, username: user, privateKey, readyTimeout: 10_000})
  })

const factsOf = async (child: ChildProcess): Promise<ServerFacts> => {
  if (child.stdout === null) throw new Error('no stdout')
  for await (const line of createInterface({input: child.stdout})) return JSON.parse(line) as ServerFacts
  throw new Error('The server ended before it was ready.')
}

interface Sent {
  readonly port: number
  readonly ca: Buffer
  readonly method: string
  readonly path: string
  readonly token: string
}

const send = ({port, ca, method, path, token}: Sent, body: unknown): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const type: Record<string, string> = body === undefined ? {} : {'content-type': 'application/json'}
    const headers = {authorization: `Token ${token}`, ...type}
    const sent = request(
      {host: 'localhost', port, ca, agent: false, method, path, headers, timeout: 15_000},
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve({status: response.statusCode, body: JSON.parse(text)}))
      },
    )
    sent.on('timeout', () => sent.destroy(new Error('no answer for 15 s')))
    sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
  })
