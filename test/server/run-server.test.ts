import assert from 'node:assert/strict'
import {execFile, execFileSync} from 'node:child_process'
import {chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {request} from 'node:https'
import {createServer, type Server} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type RunServerOptions, runServer} from '../../src/server/run-server.ts'
import {livingServer, parseServerFacts, type ServerFacts} from '../../src/server/server-facts.ts'
import {type ServerFolder, serverFolder} from '../../src/server/server-folder.ts'
import {openStore} from '../../src/server/store/open-store.ts'
import type {Store} from '../../src/server/store/store.ts'

interface RunningServer {
  readonly facts: ServerFacts
  readonly ended: Promise<'stopped' | 'idle'>
  stop(): Promise<'stopped' | 'idle'>
}

interface Answer {
  readonly status: number | undefined
  readonly body: Record<string, unknown>
}

interface Bundle {
  readonly port: number
  readonly user: string
  readonly known_hosts: string
}

describe('runServer()', function () {
  this.timeout(60_000)
  let root: string
  let folder: ServerFolder
  let running: RunningServer[]

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'runcode-server-'))
    folder = serverFolder(join(root, 'server'))
    running = []
  })

  afterEach(async () => {
    for (const server of running) await server.stop()
    rmSync(root, {recursive: true})
  })

  const start = async (overrides: Partial<RunServerOptions> = {}): Promise<RunningServer> => {
    const abort = new AbortController()
    let ended: Promise<'stopped' | 'idle'> | undefined
    const facts = await new Promise<ServerFacts>((resolve, reject) => {
      ended = runServer({
        folder: folder.root,
        version: '1.2.3',
        env: process.env,
        apiPort: undefined,
        gatewayPort: undefined,
        idleSeconds: undefined,
        now: () => new Date(),
        onReady: resolve,
        signal: abort.signal,
        ...overrides,
      })
      ended.catch(reject)
    })
    assert.ok(ended)
    const outcome = ended
    const server = {
      facts,
      ended: outcome,
      stop: () => {
        abort.abort()
        return outcome
      },
    }
    running.push(server)
    return server
  }

  const ownerToken = (): string => readFileSync(folder.ownerToken, 'utf8').trim()

  const ask = (method: string, path: string, {body, token = ownerToken()}: {body?: unknown; token?: string} = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const port = running.at(-1)?.facts.apiPort
      const type: Record<string, string> = body === undefined ? {} : {'content-type': 'application/json'}
      const headers = {authorization: `Token ${token}`, ...type}
      const options = {host: 'localhost', port, ca: readFileSync(folder.caFile), agent: false, method, path, headers}
      const sent = request(options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve({status: response.statusCode, body: JSON.parse(text)}))
      })
      sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
    })

  const stateOf = async (id: number): Promise<string> => {
    const {body} = await ask('GET', '/api/server/workspaces')
    const workspaces = body['workspaces'] as {id: number; interim_state: string; current_state: string}[]
    const workspace = workspaces.find((candidate) => candidate.id === id)
    return `${workspace?.interim_state}/${workspace?.current_state}`
  }

  const until = async (id: number, state: string): Promise<void> => {
    while ((await stateOf(id)) !== state) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  const runningWorkspace = async (title: string): Promise<number> => {
    const {body} = await ask('POST', '/api/server/workspaces', {body: {title}})
    const id = Number(body['id'])
    await ask('GET', `/api/rc/workspace/start?workspace_id=${id}`)
    await until(id, '/running')
    return id
  }

  /** Mints and gives what runs `ssh … command`: its status and its stdout. */
  const pass = async (
    id: number,
    token = ownerToken(),
  ): Promise<(command: string) => Promise<{status: unknown; stdout: string}>> => {
    const key = join(root, `key-${id}`)
    if (!existsSync(key)) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    const publicKey = readFileSync(`${key}.pub`, 'utf8').trim()
    const path = `/api/rc/workspace/${id}/ssh-session`
    const {status, body} = await ask('POST', path, {body: {public_key: publicKey}, token})
    assert.equal(status, 200)
    const {port, user, known_hosts} = body['bundle'] as Bundle
    const knownHosts = join(root, `known_hosts-${id}`)
    writeFileSync(knownHosts, known_hosts)
    const options = ['BatchMode=yes', 'StrictHostKeyChecking=yes', 'IdentitiesOnly=yes', 'IdentityAgent=none']
    const files = [`UserKnownHostsFile=${knownHosts}`, 'GlobalKnownHostsFile=/dev/null', `IdentityFile=${key}`]
    const flags = [...options, ...files].flatMap((option) => ['-o', option])
    return (command) =>
      new Promise((resolve) => {
        const args = ['-F', '/dev/null', ...flags, '-p', String(port), `${user}@127.0.0.1`, command]
        execFile('ssh', args, (error, stdout) => resolve({status: error === null ? 0 : error.code, stdout}))
      })
  }

  const withStore = <T>(work: (store: Store) => T): T => {
    const store = openStore(folder.database)
    try {
      return work(store)
    } finally {
      store.close()
    }
  }

  const occupy = (port: number): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer().listen(port, '127.0.0.1', () => resolve(server))
    })

  it('writes what it tells when it is ready, keeps it to its owner, and takes it away at the end', async () => {
    const server = await start({idleSeconds: 900})
    const {facts} = server
    assert.deepEqual(parseServerFacts(readFileSync(folder.facts, 'utf8')), facts)
    assert.deepEqual(await livingServer(folder.facts), facts)
    assert.deepEqual(
      [facts.pid, facts.version, facts.apiBase, facts.caFile, facts.idleSeconds],
      [process.pid, '1.2.3', `https://localhost:${facts.apiPort}`, folder.caFile, 900],
    )
    const private0600 = [folder.facts, folder.database, folder.hostKey, folder.ownerToken, folder.ports]
    for (const file of private0600) assert.equal(statSync(file).mode & 0o777, 0o600, file)
    assert.equal(statSync(folder.root).mode & 0o777, 0o700)
    const {body} = await ask('GET', '/api/server')
    assert.deepEqual(body, {
      name: 'runcode-server',
      version: '1.2.3',
      pid: process.pid,
      gateway: {host: '127.0.0.1', port: facts.gatewayPort},
      api_base: facts.apiBase,
      web_base: `http://localhost:${facts.webPort}`,
      idle_seconds: 900,
    })
    assert.equal(await server.stop(), 'stopped')
    assert.deepEqual([existsSync(folder.facts), existsSync(folder.lock)], [false, false])
    assert.equal(await livingServer(folder.facts), undefined)
  })

  it('lets ssh run a command in a workspace, with the host key that the API pinned', async () => {
    await start()
    const ssh = await pass(await runningWorkspace('calm-reed'))
    assert.deepEqual(await ssh('echo here; exit 7'), {status: 7, stdout: 'here\n'})
    const events = withStore(({audit}) => audit.list(20).map(({event}) => event))
    assert.deepEqual(events.reverse().slice(0, 5), [
      'owner_token_created',
      'workspace_created',
      'workspace_started',
      'key_registered',
      'ssh_accepted',
    ])
  })

  it('lets nobody into a workspace that was stopped, although the pass is not over', async () => {
    await start()
    const id = await runningWorkspace('calm-reed')
    const ssh = await pass(id)
    const long = ssh('sleep 60')
    assert.equal((await ssh('true')).status, 0)
    await ask('GET', `/api/rc/workspace/stop?workspace_id=${id}`)
    assert.equal((await long).status, 255)
    assert.equal((await ssh('true')).status, 255)
    await until(id, '/stopped')
    await ask('GET', `/api/rc/workspace/start?workspace_id=${id}`)
    await until(id, '/running')
    assert.equal((await ssh('true')).status, 255)
  })

  it('ends what a token let in when the token is revoked, and lets nobody in by its keys after that', async () => {
    await start()
    const id = await runningWorkspace('calm-reed')
    const {body} = await ask('POST', '/api/server/tokens', {body: {name: 'laptop'}})
    const ssh = await pass(id, String(body['token']))
    const long = ssh('sleep 60')
    assert.equal((await ssh('true')).status, 0)
    assert.equal((await ask('DELETE', `/api/server/tokens/${body['id']}`)).status, 200)
    assert.equal((await long).status, 255)
    assert.equal((await ssh('true')).status, 255)
    assert.deepEqual(await (await pass(id))('echo owner'), {status: 0, stdout: 'owner\n'})
  })

  it('refuses a folder in which a server runs, naming that, and leaves it alone', async () => {
    await start()
    await assert.rejects(start(), {code: 'server_failed', facts: {pid: process.pid, folder: folder.root}})
    assert.equal((await livingServer(folder.facts))?.pid, process.pid)
    assert.equal((await ask('GET', '/api/server')).status, 200)
  })

  it('starts one of two that start at the same moment', async () => {
    const outcomes = await Promise.allSettled([start(), start()])
    assert.deepEqual(outcomes.map(({status}) => status).sort(), ['fulfilled', 'rejected'])
  })

  it('starts over the facts of a server that died', async () => {
    const {facts, stop} = await start()
    const left = readFileSync(folder.facts, 'utf8')
    await stop()
    writeFileSync(folder.facts, JSON.stringify({...JSON.parse(left), started: 'at another time'}))
    assert.equal(parseServerFacts(readFileSync(folder.facts, 'utf8'))?.pid, process.pid)
    assert.equal((await start()).facts.apiPort, facts.apiPort)
  })

  it('comes back on its ports, takes others where these are taken, and comes back on those', async () => {
    const first = await start()
    await first.stop()
    const second = await start()
    const portsOf = ({facts}: RunningServer): number[] => [facts.apiPort, facts.gatewayPort]
    assert.deepEqual(portsOf(second), portsOf(first))
    await second.stop()
    const others = [await occupy(first.facts.apiPort), await occupy(first.facts.gatewayPort)]
    const third = await start()
    assert.ok(!portsOf(third).some((port) => portsOf(first).includes(port)))
    await third.stop()
    for (const other of others) await new Promise((resolve) => other.close(resolve))
    assert.deepEqual(portsOf(await start()), portsOf(third))
  })

  it('says which of the explicit ports is taken, and leaves nothing running', async () => {
    const other = await occupy(0)
    const address = other.address()
    assert.ok(typeof address === 'object' && address !== null)
    const {port} = address
    try {
      await assert.rejects(start({apiPort: port}), {code: 'server_failed', facts: {port}})
      await assert.rejects(start({gatewayPort: port}), {code: 'server_failed', facts: {port}})
      assert.equal(existsSync(folder.facts), false)
    } finally {
      await new Promise((resolve) => other.close(resolve))
    }
    assert.equal((await start({apiPort: port})).facts.apiPort, port)
  })

  it('keeps its owner token and host key from run to run', async () => {
    const kept = (): string[] => [
      ownerToken(),
      readFileSync(folder.hostKey, 'utf8'),
      readFileSync(folder.caFile, 'utf8'),
    ]
    await (await start()).stop()
    const before = kept()
    await start()
    assert.deepEqual(kept(), before)
  })

  for (const [why, spoil] of Object.entries({
    missing: () => rmSync(folder.ownerToken),
    'not valid any more': () => writeFileSync(folder.ownerToken, `rc_${'A'.repeat(43)}\n`),
  }))
    it(`makes a new owner token where the file is ${why}, and knows the old one no more`, async () => {
      await (await start()).stop()
      const old = ownerToken()
      spoil()
      await start()
      assert.equal((await ask('GET', '/api/server', {token: old})).status, 401)
      assert.equal((await ask('GET', '/api/server')).status, 200)
      assert.equal(statSync(folder.ownerToken).mode & 0o777, 0o600)
      assert.equal(withStore(({tokens}) => tokens.list()).length, 1)
    })

  it('refuses a damaged host key rather than make one that no client has pinned', async () => {
    await (await start()).stop()
    writeFileSync(folder.hostKey, 'damaged\n')
    await assert.rejects(start(), {code: 'server_failed', facts: {path: folder.hostKey}})
    assert.equal(readFileSync(folder.hostKey, 'utf8'), 'damaged\n')
  })

  it('refuses a folder that others can enter', async () => {
    await (await start()).stop()
    chmodSync(folder.root, 0o755)
    await assert.rejects(start(), {code: 'unsafe_folder'})
  })

  it('refuses a folder whose workspaces no client would enter for their paths, and makes nothing', async () => {
    for (const name of ["it's", 'a(b)', '$HOME'])
      await assert.rejects(start({folder: join(root, name)}), {code: 'server_failed', message: /XDG_STATE_HOME/})
    assert.deepEqual(readdirSync(root), [])
  })

  it('ends the processes of its workspaces with itself, and has the same workspaces running the next time', async () => {
    const first = await start()
    const id = await runningWorkspace('calm-reed')
    const ssh = await pass(id)
    const {stdout} = await ssh('sleep 600 >/dev/null 2>&1 & echo $!')
    const pid = Number(stdout)
    assert.ok(isAlive(pid))
    const long = ssh('sleep 600')
    await first.stop()
    assert.equal((await long).status, 255)
    // Whoever adopted it may need a moment to reap it.
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20))
    await start()
    assert.equal(await stateOf(id), '/running')
    assert.deepEqual(await ssh('echo again'), {status: 0, stdout: 'again\n'})
  })

  it('takes up what a crash left half done', async () => {
    await (await start()).stop()
    withStore(({workspaces}) => {
      for (const title of ['starts', 'stops', 'rests']) workspaces.create({title, customTitle: null}, new Date())
      workspaces.setState(1, {interimState: 'starting', currentState: 'stopped'})
      workspaces.setState(2, {interimState: 'stopping', currentState: 'running'})
    })
    await start()
    assert.deepEqual(await Promise.all([1, 2, 3].map(stateOf)), ['/running', '/stopped', '/stopped'])
  })

  it('ends when nobody had work for it, though somebody asks how it is', async () => {
    const server = await start({idleSeconds: 1})
    let outcome: string | undefined
    void server.ended.then((ending) => {
      outcome = ending
    })
    while (outcome === undefined) {
      await ask('GET', '/api/server').catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.equal(outcome, 'idle')
    assert.equal(existsSync(folder.facts), false)
  })

  it('does not end while requests come or a connection is open', async () => {
    const server = await start({idleSeconds: 2})
    const ssh = await pass(await runningWorkspace('calm-reed'))
    const startedMs = performance.now()
    while (performance.now() - startedMs < 3000) {
      assert.equal((await ask('GET', '/api/rc/workspaces?category=active')).status, 200)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.deepEqual(await ssh('sleep 4; echo done'), {status: 0, stdout: 'done\n'})
    assert.equal(await server.ended, 'idle')
  })
})

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
