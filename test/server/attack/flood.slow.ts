import assert from 'node:assert/strict'
import {startProgram} from '../../support/start-program.ts'
import {type AttackedServer, attackedServer, until} from './attacked-server.ts'

describe('a server that another user of the machine floods with connections', () => {
  let server: AttackedServer
  let workspaceId: number
  before(async () => {
    server = await attackedServer()
    workspaceId = await server.runningWorkspace('calm-reed')
  })
  after(() => server.remove())

  for (const [kind, port] of [
    ['silent', 'gatewayPort'],
    ['ident', 'gatewayPort'],
    ['churn', 'gatewayPort'],
    ['silent', 'apiPort'],
    ['half-tls', 'apiPort'],
    ['slow-headers', 'apiPort'],
    ['slow-body', 'apiPort'],
  ] as const)
    it(`of kind ${kind} at its ${port} lets a good user in, and forgets the flood`, async () => {
      const openFiles = server.openFiles()
      const before = server.rssBytes()
      const flood = startProgram(new URL('./flood-program.ts', import.meta.url), [kind, String(server.facts[port])])
      try {
        await new Promise((resolve) => flood.stdout?.once('data', resolve))
        let served = 0
        // One try in a flood may be lost; a client tries again.
        await until('a good user was served twice', async () => {
          served += await server.serveAGoodUser(workspaceId).then(
            () => 1,
            () => 0,
          )
          return served === 2
        })
      } finally {
        flood.kill('SIGKILL')
      }
      const grownBytes = server.rssBytes() - before
      assert.equal(grownBytes < 100 << 20, true, `grew by ${grownBytes} bytes`)
      await until('its descriptors are closed', () => server.openFiles() <= openFiles + 2)
    })
})
