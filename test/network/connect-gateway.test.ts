import assert from 'node:assert/strict'
import {once} from 'node:events'
import {createServer, type Server, type Socket} from 'node:net'
import {deadlineIn} from '../../src/core/deadline.ts'
import {connectGateway, GatewayUnreachableError} from '../../src/network/connect-gateway.ts'

describe('the connection to a gateway', () => {
  const servers: Server[] = []
  const listen = async (host: string, talk: (socket: Socket) => void): Promise<number> => {
    const server = createServer(talk).listen(0, host)
    servers.push(server)
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }
  const to = (port: number, sshProxy?: string, host = '127.0.0.1', limitMs = 5000): Promise<Socket> =>
    connectGateway(
      {host, port, sshProxy: sshProxy === undefined ? undefined : new URL(sshProxy)},
      deadlineIn(limitMs, new AbortController().signal),
    )
  const hear = async (socket: Socket): Promise<string> => {
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString()
  }
  const refused = async (attempt: Promise<Socket>): Promise<string> => {
    const error = await attempt.then(
      () => undefined,
      (failure: unknown) => failure,
    )
    assert.ok(error instanceof GatewayUnreachableError)
    return error.message.replaceAll(/:\d{4,5}/g, ':<port>')
  }
  /** A proxy that says this to a CONNECT, whose head it keeps. */
  const proxy = async (answer: readonly string[]): Promise<{url: string; heard: () => string}> => {
    let heard = ''
    const port = await listen('127.0.0.1', (socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => {
        const isHead = !heard.endsWith('\r\n\r\n')
        heard += chunk
        if (isHead && heard.endsWith('\r\n\r\n')) for (const piece of answer) socket.write(piece)
        if (heard.endsWith('bye')) socket.end()
      })
    })
    return {url: `http://127.0.0.1:${port}`, heard: () => heard}
  }

  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  it('is made to an address of either family, and to a name', async () => {
    for (const address of ['127.0.0.1', '::1']) {
      const port = await listen(address, (socket) => socket.end('hello'))
      assert.equal(await hear(await to(port, undefined, address)), 'hello')
      if (address === '127.0.0.1') assert.equal(await hear(await to(port, undefined, 'localhost')), 'hello')
    }
  })

  it('leaves every byte of the gateway to whoever takes the connection', async () => {
    const port = await listen('127.0.0.1', (socket) => socket.end('SSH-2.0-x\r\n'))
    const socket = await to(port)
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual([socket.bytesRead, socket.readableLength], [0, 0])
    assert.equal(await hear(socket), 'SSH-2.0-x\r\n')
  })

  it('says why there is none', async () => {
    const port = await listen('127.0.0.1', () => undefined)
    servers.splice(0).forEach((server) => void server.close())
    const message = 'Could not connect to the gateway 127.0.0.1: connect ECONNREFUSED 127.0.0.1:<port>.'
    assert.equal(await refused(to(port)), message)
    await assert.rejects(to(port), {hint: /^Nothing listens there\. .*: runcode server up$/})
    // An address for documentation (RFC 5737) that nobody answers from, or that nothing leads to.
    assert.match(
      await refused(to(22, undefined, '192.0.2.1', 300)),
      /: (?:it did not answer in time|connect E\w+ .*)\.$/,
    )
  })

  it('goes by way of a proxy, and takes no byte of what stands behind its answer', async () => {
    for (const answer of [
      ['HTTP/1.1 200 Connection established\r\n\r\nSSH-2.0-x\r\n', 'more'],
      ['HTTP/1.0 200 OK\r\nVia: some', 'thing\r\n\r', '\nSSH-2.0-x\r\n', 'more'],
    ]) {
      const {url, heard} = await proxy(answer)
      const socket = await to(22, url.replace('//', '//a%20b:c@'), 'gateway.example.test')
      assert.equal(socket.readableLength, 0)
      socket.write('bye')
      assert.equal(await hear(socket), 'SSH-2.0-x\r\nmore')
      const basic = Buffer.from('a b:c').toString('base64')
      const target = 'gateway.example.test:22'
      const head = `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nProxy-Authorization: Basic ${basic}\r\n\r\n`
      assert.equal(heard(), `${head}bye`)
    }
  })

  it('carries much by way of a proxy', async () => {
    const {url} = await proxy(['HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(3_000_000)])
    const socket = await to(22, url, '::1')
    socket.write('bye')
    assert.equal((await hear(socket)).length, 3_000_000)
  })

  it('may come with another try where the proxy could not get through, and not where it refuses', async () => {
    const told = async (status: string): Promise<readonly unknown[]> => {
      const {url} = await proxy([`HTTP/1.1 ${status}\r\n\r\n`])
      const error = await to(22, url).catch((failure: unknown) => failure)
      assert.ok(error instanceof GatewayUnreachableError)
      assert.match(error.reason, new RegExp(`^the proxy 127\\.0\\.0\\.1:\\d+ answered "HTTP/1\\.1 ${status}"$`))
      return [error.retryable, /--ssh-proxy/.test(error.hint ?? '')]
    }
    for (const status of ['400 Bad Request', '401 x', '403 Forbidden', '405 x', '407 Proxy Authentication Required'])
      assert.deepEqual(await told(status), [false, true], status)
    for (const status of ['302 Found', '408 x', '429 Too Many Requests', '500 x', '502 x', '503 x', '504 x'])
      assert.deepEqual(await told(status), [true, false], status)
  })

  it('is not there where the proxy refuses, hangs up, says nothing or never ends', async () => {
    const said = async (answer: readonly string[]): Promise<string> => {
      const {url} = await proxy(answer)
      return (await refused(to(22, url, 'gateway.example.test', 1000))).split(': ')[1] ?? ''
    }
    assert.match(await said(['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n']), /answered "HTTP\/1\.1 407 Proxy/)
    assert.match(await said(['SSH-2.0-x\r\n\r\n']), /gave no answer to CONNECT/)
    assert.match(await said([]), /gave no answer to CONNECT/)
    assert.match(await said(['HTTP/1.1 200 OK\r\n', 'X: y\r\n'.repeat(5000)]), /gave no answer to CONNECT/)
  })
})
