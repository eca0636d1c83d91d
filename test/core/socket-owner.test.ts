import assert from 'node:assert/strict'
import {createServer} from 'node:net'
import {isAnotherUsers, ownersIn} from '../../src/core/socket-owner.ts'

/** Lines as Linux writes them: 127.0.0.1:0x1F90 listens (uid 1000), is connected from 0xC350 (1001) and, by IPv6, 0xC351 (1002). */
const TABLES = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 2931 1 0000000000000000 100 0 0 10 0
   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 02:000AFC80 00000000  1001        0 2932 2 0000000000000000 20 4 30 10 -1
   2: 0200007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1007        0 2933 1 0000000000000000 20 4 30 10 -1
   0: 0000000000000000FFFF00000100007F:C351 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000  1002        0 4 1 0
   1: 00000000000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1003        0 5 1 0
`

describe('the owner of a socket on loopback', () => {
  for (const [what, socket, owners] of [
    ['listens', {port: 0x1f90, peerPort: undefined}, [1000]],
    ['is connected', {port: 0xc350, peerPort: 0x1f90}, [1001]],
    ['is connected as IPv6', {port: 0xc351, peerPort: 0x1f90}, [1002]],
    ['listens on ::1', {port: 0x1f91, peerPort: undefined}, [1003]],
    ['is connected elsewhere', {port: 0xc350, peerPort: 0x1f91}, []],
    ['is not there', {port: 1, peerPort: undefined}, []],
  ] as const)
    it(`is found where it ${what}`, () => assert.deepEqual(ownersIn(TABLES, socket), owners))

  it('is nobody else where the socket is ours, or is not there', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const {port} = server.address() as {port: number}
    assert.equal(await isAnotherUsers({port, peerPort: undefined}), false)
    await new Promise((resolve) => server.close(resolve))
    assert.equal(await isAnotherUsers({port, peerPort: undefined}), false)
  })

  it('is another user where the system says so', async function () {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) this.skip()
    const server = createServer()
    process.seteuid?.(65_534)
    try {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    } finally {
      process.seteuid?.(0)
    }
    const {port} = server.address() as {port: number}
    assert.equal(await isAnotherUsers({port, peerPort: undefined}), true)
    server.close()
  })
})
