import assert from 'node:assert/strict'
import {lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import Database from 'libsql'
import {serverFolder} from '../../../src/server/server-folder.ts'
import {countProcesses} from '../../support/processes.ts'
import {type AttackedServer, attackedServer, outputOf, until} from './attacked-server.ts'
import {seeded, seedOfRun} from './seeded.ts'

interface Listed {
  readonly id: number
  readonly title: string
  readonly interim_state: string
  readonly current_state: string
}

describe('a server that is killed', () => {
  const seed = seedOfRun()
  const root = mkdtempSync(join(tmpdir(), 'killed-'))
  const folder = serverFolder(join(root, 'server'))
  let server: AttackedServer | undefined
  after(async () => {
    await server?.remove()
    rmSync(root, {recursive: true, force: true})
  })

  const workspacesOf = async ({ask}: AttackedServer): Promise<readonly Listed[]> =>
    (await ask('GET', '/api/server/workspaces')).body['workspaces'] as Listed[]

  it('finds everything again: ports, host key, authority, tokens, keys and workspaces, whose processes it ended', async () => {
    const first = await attackedServer(root)
    server = first
    const id = await first.runningWorkspace('calm-reed')
    const pass = await first.mint(id)
    const client = await first.enter(pass)
    const word = `31${Math.floor(Math.random() * 2 ** 31)}`
    await outputOf(client, `(setsid sleep ${word} >/dev/null 2>&1 &)`)
    const kept = (): string[] =>
      [folder.hostKey, folder.caFile, folder.ownerToken].map((file) => readFileSync(file, 'utf8'))
    const before = kept()
    await first.kill('SIGKILL')
    assert.equal(countProcesses(word), 1)

    const second = await attackedServer(root)
    server = second
    assert.deepEqual(
      [second.facts.apiPort, second.facts.gatewayPort, kept()],
      [first.facts.apiPort, first.facts.gatewayPort, before],
    )
    assert.equal(countProcesses(word), 0)
    const again = await second.enter(pass)
    assert.equal(await outputOf(again, 'echo again'), 'again\n')
    again.end()
    await second.kill('SIGTERM')
  })

  it(`at any moment of create, start, mint, stop and delete leaves nothing half (seed ${seed})`, async () => {
    const random = seeded(seed)
    const word = `32${Math.floor(Math.random() * 2 ** 31)}`
    for (let round = 0; round < 10; round += 1) {
      server = await attackedServer(root)
      const {ask} = server
      const busy = async (): Promise<void> => {
        for (;;) {
          const title = `reed-${random.integer(4)}`
          const {body} = await ask('POST', '/api/server/workspaces', {body: {title}})
          const known = (await workspacesOf(server as AttackedServer)).find((one) => one.title === title)
          const id = Number(body['id'] ?? known?.id)
          await ask('GET', `/api/rc/workspace/start?workspace_id=${id}`)
          const client = await (server as AttackedServer)
            .mint(id)
            .then((server as AttackedServer).enter)
            .catch(() => undefined)
          if (client !== undefined) await outputOf(client, `(setsid sleep ${word} >/dev/null 2>&1 &)`)
          client?.end()
          if (random.chance(0.5)) await ask('GET', `/api/rc/workspace/stop?workspace_id=${id}`)
          if (random.chance(0.3)) await ask('DELETE', `/api/server/workspaces/${id}`)
        }
      }
      const work = busy().catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 20 + random.integer(800)))
      await server.kill('SIGKILL')
      await work
      assertWhole()
    }
    server = await attackedServer(root)
    const last = server
    await until('all is settled', async () => (await workspacesOf(last)).every((one) => one.interim_state === ''))
    for (const {id} of await workspacesOf(last)) await last.ask('DELETE', `/api/server/workspaces/${id}`)
    await last.serveAGoodUser(await last.runningWorkspace('calm-fern'))
    assert.deepEqual(readdirSync(folder.workspaces).sort(), ['.pipes', 'calm-fern'])
    await last.kill('SIGTERM')
    assert.equal(countProcesses(word), 0)
    // Our own looks at the store hold it open until the collector comes by, and its log with it.
    const left = readdirSync(folder.root).filter((name) => !/^store\.db-(?:shm|wal)$/.test(name))
    assert.deepEqual(left.sort(), ['authority', 'host_key', 'owner-token', 'ports.json', 'store.db', 'workspaces'])
  })

  /** What a kill may leave is a database that is sound and files that nobody else can read. */
  const assertWhole = (): void => {
    const database = new Database(folder.database)
    const {integrity_check: said} = database.prepare('PRAGMA integrity_check').get() as {integrity_check: string}
    assert.equal(said, 'ok')
    database.close()
    for (const name of [folder.root, ...readdirSync(folder.root).map((name) => join(folder.root, name))])
      if (name !== folder.authority) assert.equal(lstatSync(name).mode & 0o077, 0, name)
    assert.equal(lstatSync(folder.authority).mode & 0o077, 0)
  }
})
