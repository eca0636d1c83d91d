import assert from 'node:assert/strict'
import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {type AttackedServer, attackedServer, until} from './attacked-server.ts'
import {fuzz} from './fuzz.ts'
import {seedOfRun} from './seeded.ts'

describe('a server that gets malformed SSH', function () {
  this.timeout(60_000)
  const seed = seedOfRun()
  let server: AttackedServer
  before(async () => {
    server = await attackedServer()
  })
  after(() => server.remove())

  it(`serves a good user meanwhile and afterwards, and keeps no descriptor (seed ${seed})`, async () => {
    const id = await server.runningWorkspace('calm-reed')
    await server.serveAGoodUser(id)
    const openFiles = server.openFiles()
    let isOver = false
    const attack = fuzz(server, await server.mint(id), seed, {openings: 1000, logins: 1000, channels: 1000}).finally(
      () => {
        isOver = true
      },
    )
    while (!isOver) await server.serveAGoodUser(id)
    await attack
    await server.serveAGoodUser(id)
    await until('its descriptors are closed', () => server.openFiles() <= openFiles)
    assert.equal(server.isAlive(), true)
    assert.equal(existsSync(join(server.folder.workspaces, 'calm-reed', 'home', 'unasked')), false)
  })
})
