import assert from 'node:assert/strict'
import {once} from 'node:events'
import {readFileSync} from 'node:fs'
import {connect, type TLSSocket} from 'node:tls'
import {MAX_API_STRANGERS, MAX_BODY_BYTES} from '../../../src/server/limits.ts'
import {type AttackedServer, attackedServer, newKeyPair, outputOf, type Pass, until} from './attacked-server.ts'

describe('an API under attack', function () {
  this.timeout(60_000)
  let server: AttackedServer
  let workspaceId: number
  before(async () => {
    server = await attackedServer()
    workspaceId = await server.runningWorkspace('calm-reed')
    await server.serveAGoodUser(workspaceId)
  })
  after(() => server.remove())
  afterEach(() => server.serveAGoodUser(workspaceId))

  const open = async (): Promise<TLSSocket> => {
    const {apiPort: port} = server.facts
    const socket = connect({port, host: 'localhost', ca: readFileSync(server.folder.caFile)})
    socket.on('error', () => undefined)
    await once(socket, 'secureConnect')
    return socket
  }
  /** The status lines of all that is answered until the connection closes. */
  const statusesOf = async (socket: TLSSocket, text: string): Promise<string[]> => {
    let answer = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      answer += chunk
    })
    socket.write(text)
    await once(socket, 'close')
    return [...answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status = '']) => status)
  }
  const head = (line: string, ...headers: readonly string[]): string =>
    [`${line} HTTP/1.1`, `Host: localhost:${server.facts.apiPort}`, ...headers, '', ''].join('\r\n')
  const owner = (): string => `Authorization: Token ${server.ownerToken}`

  for (const [what, text, expected] of [
    [
      'a body that says it is 1 GB',
      () => head('POST /api/server/tokens', owner(), 'Content-Type: application/json', 'Content-Length: 1000000000'),
      '413',
    ],
    [
      'a chunked body without end',
      () =>
        `${head('POST /api/server/tokens', owner(), 'Content-Type: application/json', 'Transfer-Encoding: chunked')}${'8000\r\n'.concat('x'.repeat(0x8000), '\r\n').repeat(4)}`,
      '413',
    ],
    [
      'JSON as deep as it is long',
      () => {
        const deep = '['.repeat(MAX_BODY_BYTES / 2) + ']'.repeat(MAX_BODY_BYTES / 2)
        return (
          head(
            'POST /api/server/tokens',
            owner(),
            'Content-Type: application/json',
            'Connection: close',
            `Content-Length: ${deep.length}`,
          ) + deep
        )
      },
      '400',
    ],
    [
      '2,000 headers',
      () => head('GET /api/server', ...Array.from({length: 2000}, (_, i) => `X-${i}: ${'x'.repeat(20)}`)),
      '400',
    ],
    ['a header of 1 MB', () => head('GET /api/server', `X: ${'x'.repeat(1 << 20)}`), '400'],
    ['two lengths', () => head('POST /api/server/tokens', 'Content-Length: 1', 'Content-Length: 2'), '400'],
    [
      'a length beside chunks',
      () =>
        head(
          'POST /api/server/tokens',
          owner(),
          'Content-Length: 4',
          'Transfer-Encoding: chunked',
          'Connection: close',
        ),
      '400',
    ],
  ] as const)
    it(`refuses ${what}`, async () => {
      const socket = await open()
      const statuses = await statusesOf(socket, text())
      assert.deepEqual(statuses.slice(0, 1), [expected])
    })

  it('reads no more of a pipeline whose answers nobody reads', async () => {
    const socket = await open()
    const before = server.rssBytes()
    socket.pause()
    const requests = head('GET /api/server', owner()).repeat(200)
    for (let i = 0; i < 200 && socket.writable; i += 1) {
      socket.write(requests)
      await new Promise((resolve) => setTimeout(resolve, socket.writableNeedDrain ? 10 : 0))
    }
    const grownBytes = server.rssBytes() - before
    socket.destroy()
    assert.equal(grownBytes < 64 << 20, true, `grew by ${grownBytes} bytes`)
  })

  it(`keeps ${MAX_API_STRANGERS} connections without a token, and gives the place of the oldest to one more`, async () => {
    const oldest = await open()
    const others: TLSSocket[] = []
    for (let i = 1; i < MAX_API_STRANGERS; i += 1) others.push(await open())
    assert.equal(oldest.closed, false)
    await server.ask('GET', '/api/server')
    await until('the oldest is cut off', () => oldest.closed)
    assert.equal(others.filter(({closed}) => closed).length, 0)
    for (const socket of others) socket.destroy()
  })

  describe('by keys', () => {
    const register = async (
      id: number,
      {publicKey}: Pick<Pass, 'publicKey'>,
      token: string,
    ): Promise<number | undefined> =>
      (await server.ask('POST', `/api/rc/workspace/${id}/ssh-session`, {body: {public_key: publicKey}, token})).status
    const newToken = async (): Promise<{id: number; secret: string}> => {
      const {body} = await server.ask('POST', '/api/server/tokens', {body: {name: 'laptop'}})
      return {id: Number(body['id']), secret: String(body['token'])}
    }
    const isLetIn = async (pass: Pass): Promise<boolean> => {
      const client = await server.enter(pass).catch(() => undefined)
      client?.end()
      return client !== undefined
    }

    it('lets a key into the workspaces it was registered for, and into no other', async () => {
      const other = await server.runningWorkspace('bold-fern')
      const pass = await server.mint(workspaceId)
      assert.equal(await isLetIn({...pass, user: 'bold-fern'}), false)
      assert.equal(await register(other, pass, server.ownerToken), 200)
      assert.deepEqual([await isLetIn({...pass, user: 'bold-fern'}), await isLetIn(pass)], [true, true])
    })

    it('lets a key in for as long as one of the tokens that registered it is good', async () => {
      const [mine, theirs] = [await newToken(), await newToken()]
      const pass: Pass = {user: 'calm-reed', ...newKeyPair()}
      for (const {secret} of [mine, theirs]) assert.equal(await register(workspaceId, pass, secret), 200)
      await server.ask('DELETE', `/api/server/tokens/${mine.id}`)
      assert.equal(await isLetIn(pass), true)
      await server.ask('DELETE', `/api/server/tokens/${theirs.id}`)
      assert.equal(await isLetIn(pass), false)
      assert.equal(await register(workspaceId, pass, theirs.secret), 401)
      assert.equal(await isLetIn(pass), false)
    })

    it('lets a key in no more when it has ended', async () => {
      const pass: Pass = {user: 'calm-reed', ...newKeyPair()}
      const body = {public_key: pass.publicKey, ttl: 2}
      assert.equal((await server.ask('POST', `/api/rc/workspace/${workspaceId}/ssh-session`, {body})).status, 200)
      const client = await server.enter(pass)
      await until('it has ended', async () => !(await isLetIn(pass)))
      // What it has let in goes on.
      assert.equal(await outputOf(client, 'echo on'), 'on\n')
      client.end()
    })
  })
})
