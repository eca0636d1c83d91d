import assert from 'node:assert/strict'
import {type AttackedServer, attackedServer, until} from './attacked-server.ts'
import {fuzz} from './fuzz.ts'
import {seedOfRun} from './seeded.ts'

describe('a server that gets 100,000 malformed inputs', () => {
  const seed = seedOfRun()
  let server: AttackedServer
  before(async () => {
    server = await attackedServer()
  })
  after(() => server.remove())

  it(`serves a good user all the time, and grows neither in memory nor in descriptors (seed ${seed})`, async () => {
    const id = await server.runningWorkspace('calm-reed')
    const pass = await server.mint(id)
    // What the program needs once, such as compiled code, comes first.
    await fuzz(server, pass, seed + 1, {openings: 500, logins: 500, channels: 500})
    await server.serveAGoodUser(id)
    const [openFiles, rssBytes] = [server.openFiles(), server.rssBytes()]
    let [isOver, peakBytes, slowestMs] = [false, 0, 0]
    const amounts = {openings: 30_000, logins: 30_000, channels: 40_000}
    const attack = fuzz(server, pass, seed, amounts).finally(() => {
      isOver = true
    })
    while (!isOver) {
      slowestMs = Math.max(slowestMs, (await server.serveAGoodUser(id)).elapsedMs)
      peakBytes = Math.max(peakBytes, server.rssBytes())
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    await attack
    await server.serveAGoodUser(id)
    await until('its descriptors are closed', () => server.openFiles() <= openFiles)
    const shown = [rssBytes, peakBytes, server.rssBytes()].map((bytes) => Math.round(bytes / 2 ** 20)).join(', ')
    process.stdout.write(
      `      memory before, peak, after: ${shown} MB; slowest good user: ${Math.round(slowestMs)} ms\n`,
    )
    assert.equal(server.rssBytes() - rssBytes < 100 << 20, true, `memory before, peak, after: ${shown} MB`)
  })
})
