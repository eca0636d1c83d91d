import assert from 'node:assert/strict'
import {deadlineIn} from '../../src/core/deadline.ts'
import {type JsonAnswer, requestJson} from '../../src/network/request-json.ts'
import {type ConnectProxy, startConnectProxy} from '../support/connect-proxy.ts'
import {type FakeControlPlane, startFakeControlPlane} from '../support/fake-control-plane.ts'

const CHECK =
  'Check HTTPS_PROXY, or name the host of the control plane in NO_PROXY where it can be reached without a proxy.'
const ASK = `Ask whoever runs the proxy to let this through. ${CHECK}`
const NEGOTIATE = 'Proxy-Authenticate: Negotiate\r\nproxy-authenticate: NTLM TlRMTVNTUAAC\r\n'

describe('a request by way of a proxy', () => {
  let proxy: ConnectProxy
  let plane: FakeControlPlane

  before(async () => {
    proxy = await startConnectProxy()
    plane = await startFakeControlPlane()
    plane.on('POST', '/x', ({authorization, body}) => ({status: 200, body: {authorization, body}}))
  })
  beforeEach(() => {
    proxy.asked.length = 0
    proxy.password = undefined
    proxy.answer = undefined
  })
  after(async () => {
    await proxy?.stop()
    await plane?.close()
  })

  const ask = (user = '', limitMs = 10_000): Promise<JsonAnswer> =>
    requestJson({
      ...{method: 'POST', url: new URL(`${plane.apiBase}/x`), authorization: 'Token secret', body: {a: 1}},
      trust: {
        caFile: plane.caFile,
        addedCaFile: undefined,
        proxy: {url: new URL(proxy.url.replace('//', `//${user}`)), setting: 'HTTPS_PROXY'},
      },
      deadline: deadlineIn(limitMs, new AbortController().signal),
    })

  it('goes through a tunnel, of which the proxy hears the address alone', async () => {
    assert.deepEqual((await ask()).json, {authorization: 'Token secret', body: {a: 1}})
    const {host} = new URL(plane.apiBase)
    assert.deepEqual(proxy.asked, [`CONNECT ${host} HTTP/1.1\r\nHost: ${host}`])
  })

  it('shows user and password, percent-decoded', async () => {
    proxy.password = 'mé:p@s:s %/'
    assert.equal((await ask(`${encodeURIComponent('mé')}:${encodeURIComponent('p@s:s %/')}@`)).status, 200)
  })

  for (const [answer, user, reason, hint, retryable] of [
    [
      `HTTP/1.1 407 No\r\n${NEGOTIATE}\r\n`,
      '',
      'it wants to be asked by Negotiate or NTLM; only Basic is supported.',
      'Run a proxy on this machine that can, and name that one in HTTPS_PROXY.',
      false,
    ],
    [
      `HTTP/1.1 407 No\r\n${NEGOTIATE}Proxy-Authenticate: basic realm="x"\r\n\r\n`,
      '',
      'it asks for a user and a password.',
      'Name them in HTTPS_PROXY: http://user:password@host:port, special characters percent-encoded.',
      false,
    ],
    [
      'HTTP/1.1 407 No\r\n\r\n',
      'me:secret@',
      'it does not accept the user and password of HTTPS_PROXY.',
      'Check them; special characters are written percent-encoded ("@" is %40).',
      false,
    ],
    ['HTTP/1.1 403 For\u001bbidden\r\n\r\n', '', 'it answered "HTTP/1.1 403 For\ufffdbidden".', ASK, false],
    ['HTTP/1.1 502 Bad Gateway\r\n\r\n', '', 'it answered "HTTP/1.1 502 Bad Gateway".', ASK, true],
    ['SSH-2.0-OpenSSH\r\n', '', 'what answers there is no HTTP proxy.', CHECK, true],
  ] as const) {
    it(`that answers ${JSON.stringify(answer)} is told as: ${reason}`, async () => {
      proxy.answer = answer
      const {host} = new URL(proxy.url)
      await assert.rejects(ask(user), {
        ...{name: 'ProxyError', code: 'network', hint, retryable, facts: {origin: plane.apiBase, proxy: host}},
        message: `Could not reach ${plane.apiBase} by way of the proxy ${host}: ${reason}`,
      })
    })
  }

  it('that says nothing is told, and not taken for a control plane that says nothing', async () => {
    const {startRawServer} = await import('../support/raw-server.ts')
    const silent = await startRawServer(() => undefined)
    const tunnel = new URL(`http://127.0.0.1:${silent.port}`)
    const asked = requestJson({
      ...{method: 'GET', url: new URL(plane.apiBase), authorization: undefined},
      trust: {caFile: plane.caFile, addedCaFile: undefined, proxy: {url: tunnel, setting: 'HTTPS_PROXY'}},
      deadline: deadlineIn(600, new AbortController().signal),
    })
    const message = `Could not reach ${plane.apiBase} by way of the proxy ${tunnel.host}: it gave no answer in time.`
    await assert.rejects(asked, {name: 'ProxyError', message, hint: CHECK, retryable: true})
    silent.close()
  })
})
