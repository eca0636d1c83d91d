import assert from 'node:assert/strict'
import {once} from 'node:events'
import {createServer, type Server} from 'node:net'
import {examine, type NamedFinding} from '../../src/doctor/examine.ts'
import {type ConnectProxy, startConnectProxy} from '../support/connect-proxy.ts'
import {accountOf, healthyPatient} from '../support/patient.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

describe('the gateway, to doctor', () => {
  const folder = temporaryFolder()
  let proxy: ConnectProxy
  let server: Server
  let says: string
  let port: number

  before(async () => {
    proxy = await startConnectProxy()
    server = createServer((socket) => socket.on('error', () => undefined).end(says)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as {port: number}).port
  })
  beforeEach(() => {
    says = 'Welcome\r\nSSH-2.0-gateway_1\u001b[2J\r\n'
    proxy.asked.length = 0
    proxy.password = 'me:secret'
  })
  after(async () => {
    server?.close()
    await proxy?.stop()
  })

  const look = async (sshProxy?: URL, isConnected = true): Promise<NamedFinding | undefined> => {
    const gateway = {host: '127.0.0.1', port, sshProxy, route: []}
    const patient = healthyPatient(folder.path, {
      env: {PATH: ''},
      findAccount: async () => accountOf('work', {sshProxy}),
      findSession: async () => (isConnected ? {configFile: '/x', alias: 'x', title: 'x', ...gateway} : undefined),
    })
    return (await examine(patient)).find(({name}) => name === 'gateway')
  }
  const proxied = (password: string): URL => new URL(proxy.url.replace('//', `//me:${password}@`))

  it('answers, directly or by way of the proxy, which is named without its password', async () => {
    const detail = `127.0.0.1 port ${port} answers (SSH-2.0-gateway_1\ufffd[2J)`
    assert.deepEqual(await look(), {name: 'gateway', status: 'ok', detail})
    assert.deepEqual(proxy.asked, [])
    const way = ` by way of the ssh_proxy ${new URL(proxy.url).host} of the profile`
    assert.deepEqual(await look(proxied('secret')), {name: 'gateway', status: 'ok', detail: `${detail}${way}`})
    assert.equal(proxy.asked.length, 1)
    assert.equal((await look(proxied('secret'), false))?.detail.endsWith(`; SSH goes${way}`), true)
  })

  it('is not reached where the proxy refuses, which is told with what to look at', async () => {
    const {status, detail, hint} = (await look(proxied('other'))) ?? assert.fail()
    assert.equal(status, 'fail')
    assert.match(detail, /: the proxy 127\.0\.0\.1:\d+ answered "HTTP\/1\.1 407 Proxy Authentication Required"\.$/)
    assert.match(hint ?? '', /runcode profile set <name> --ssh-proxy/)
  })

  it('is none where what answers speaks no SSH', async () => {
    for (const words of ['', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'SSH-2.0-cut', 'x'.repeat(100_000)]) {
      says = words
      assert.match((await look())?.detail ?? '', /^what answers at 127\.0\.0\.1 port \d+ speaks no SSH, or is silent$/)
    }
  })

  it('is not looked for where nothing is connected', async () => {
    const detail = 'not connected here; runcode connect <workspace>'
    assert.deepEqual(await look(undefined, false), {name: 'gateway', status: 'skip', detail})
  })
})
