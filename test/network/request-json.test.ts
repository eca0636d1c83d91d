import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import type {IncomingMessage, RequestListener} from 'node:http'
import {createServer as createPlainServer} from 'node:http'
import {createServer, type Server} from 'node:https'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {deadlineIn} from '../../src/core/deadline.ts'
import {type JsonRequest, requestJson} from '../../src/network/request-json.ts'
import {type Authority, ensureAuthority} from '../../src/server/certificate-authority/ensure-authority.ts'
import {outcomeOf, startProgram} from '../support/start-program.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

describe('requestJson()', () => {
  const folder = temporaryFolder()
  const servers: {close(): unknown; closeAllConnections(): void}[] = []
  let authority: Authority

  beforeEach(async () => {
    authority = await ensureAuthority(join(folder.path, 'authority'), new Date())
  })

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close()
      server.closeAllConnections()
    }
  })

  const serve = async (listener: RequestListener): Promise<string> => {
    const server: Server = createServer({key: authority.key, cert: authority.certificate}, listener)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `https://localhost:${(server.address() as AddressInfo).port}/api/x?y=1`
  }
  const ask = (url: string, change: Partial<JsonRequest> = {}) =>
    requestJson({
      method: 'GET',
      url: new URL(url),
      authorization: 'Token secret',
      trust: {caFile: authority.caFile, addedCaFile: undefined},
      deadline: deadlineIn(10_000, new AbortController().signal),
      ...change,
    })

  it('sends method, path, token and body, and gives status, JSON, Date and Retry-After', async () => {
    const seen: Partial<IncomingMessage>[] = []
    let body = ''
    const url = await serve((request, response) => {
      seen.push(request)
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      request.on('end', () => {
        response.writeHead(429, {
          date: 'Wed, 02 Jan 2030 03:04:05 GMT',
          'retry-after': '7',
          'content-type': 'text/html',
        })
        response.end('{"a":[1]}')
      })
    })
    assert.deepEqual(await ask(url, {method: 'POST', body: {ttl: 5}}), {
      status: 429,
      json: {a: [1]},
      date: new Date('2030-01-02T03:04:05Z'),
      retryAfterSeconds: 7,
    })
    const [{method, url: path, headers: {authorization, accept, 'content-type': type} = {}} = {}] = seen
    assert.deepEqual(
      {method, path, authorization, accept, type, body},
      {
        method: 'POST',
        path: '/api/x?y=1',
        authorization: 'Token secret',
        accept: 'application/json',
        type: 'application/json',
        body: '{"ttl":5}',
      },
    )
  })

  it('sends no token where there is none', async () => {
    const url = await serve(({headers}, response) =>
      response.end(JSON.stringify(Object.keys(headers).includes('authorization'))),
    )
    assert.equal((await ask(url, {authorization: undefined})).json, false)
  })

  for (const [what, body] of Object.entries({HTML: '<html>', nothing: '', 'half of it': '{"a":'})) {
    it(`gives undefined for a body that is ${what} instead of JSON`, async () => {
      assert.equal((await ask(await serve((_request, response) => response.end(body)))).json, undefined)
    })
  }

  for (const [headers, wanted] of [
    [{date: 'yesterday', 'retry-after': 'Wed, 02 Jan 2030 03:04:05 GMT'}, [undefined, undefined]],
    [{date: '', 'retry-after': '-1'}, [undefined, undefined]],
    [{date: 'Wed, 02 Jan 2030 03:04:05 GMT', 'retry-after': '1234567'}, [new Date('2030-01-02T03:04:05Z'), undefined]],
  ] as const) {
    it(`reads ${JSON.stringify(headers)} with care`, async () => {
      const url = await serve((_request, response) => response.writeHead(200, headers).end('{}'))
      const {date, retryAfterSeconds} = await ask(url)
      assert.deepEqual([date, retryAfterSeconds], wanted)
    })
  }

  it('follows no redirect, so that the token stays where it belongs', async () => {
    let visits = 0
    const target = await serve((_request, response) => {
      visits += 1
      response.end('{}')
    })
    for (const status of [301, 302, 303, 307, 308]) {
      const url = await serve((_request, response) => response.writeHead(status, {location: target}).end())
      assert.equal((await ask(url)).status, status)
    }
    assert.equal(visits, 0)
  })

  it('asks once only, also where the answer is 503 or the connection breaks', async () => {
    let visits = 0
    const busy = await serve((_request, response) => {
      visits += 1
      response.writeHead(503, {'retry-after': '1'}).end('{}')
    })
    assert.deepEqual([(await ask(busy)).status, visits], [503, 1])
    const broken = await serve((request) => {
      visits += 1
      request.socket.destroy()
    })
    await assert.rejects(ask(broken), {name: 'NetworkError', code: 'network', retryable: true})
    assert.equal(visits, 2)
  })

  it('sends nothing to plain http, whatever the host', async () => {
    let visits = 0
    const server = createPlainServer(() => {
      visits += 1
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const {port} = server.address() as AddressInfo
    await assert.rejects(ask(`http://localhost:${port}/`), {name: 'InsecureBaseError', code: 'insecure_base'})
    assert.equal(visits, 0)
  })

  it('believes no certificate of another authority, and names the cure', async () => {
    let visits = 0
    const url = await serve(() => {
      visits += 1
    })
    const {caFile} = await ensureAuthority(join(folder.path, 'other'), new Date())
    for (const trust of [
      {caFile, addedCaFile: undefined},
      {caFile: undefined, addedCaFile: caFile},
      {caFile: undefined, addedCaFile: undefined},
    ]) {
      await assert.rejects(ask(url, {trust}), {
        name: 'NetworkError',
        code: 'network',
        hint: 'If it has a CA of its own, name that in RUNCODE_CA_FILE or in the profile; if not, someone else answers there.',
        facts: {origin: new URL(url).origin},
      })
    }
    assert.equal(visits, 0)
  })

  it('believes an added authority beside the built-in ones, or beside the one of the profile', async () => {
    const url = await serve((_request, response) => response.end('{}'))
    const {caFile} = await ensureAuthority(join(folder.path, 'other'), new Date())
    assert.equal((await ask(url, {trust: {caFile: undefined, addedCaFile: authority.caFile}})).status, 200)
    assert.equal((await ask(url, {trust: {caFile, addedCaFile: authority.caFile}})).status, 200)
    // NODE_EXTRA_CA_CERTS, which Node forgets where others are named.
    const forgotten = {caFile: undefined, addedCaFile: caFile, nodeCaFile: authority.caFile}
    assert.equal((await ask(url, {trust: forgotten})).status, 200)
    const replaced = {caFile, addedCaFile: undefined, nodeCaFile: authority.caFile}
    await assert.rejects(ask(url, {trust: replaced}), {code: 'network'})
  })

  it('believes a right certificate for the right name only', async () => {
    const url = await serve((_request, response) => response.end('{}'))
    assert.equal((await ask(url.replace('localhost', '127.0.0.1'))).status, 200)
    await assert.rejects(ask(url.replace('localhost', '127.0.0.2')), {code: 'network'})
  })

  it('is not weakened by NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment', async () => {
    let visits = 0
    const url = await serve((_request, response) => {
      visits += 1
      response.end('{}')
    })
    const env = {...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1'}
    const program = new URL('request-program.ts', import.meta.url)
    assert.deepEqual(await outcomeOf(startProgram(program, [url], env)), {code: 0, stdout: 'network'})
    assert.equal(visits, 0)
  })

  it('names the file of an authority that it cannot read', async () => {
    const path = join(folder.path, 'none.pem')
    await assert.rejects(ask('https://localhost:1/', {trust: {caFile: path, addedCaFile: undefined}}), {
      name: 'FileError',
      facts: {path},
    })
    writeFileSync(path, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    const url = await serve((_request, response) => response.end('{}'))
    for (const trust of [
      {caFile: path, addedCaFile: undefined},
      {caFile: undefined, addedCaFile: path},
    ]) {
      await assert.rejects(ask(url, {trust}), {
        name: 'NoCertificateError',
        code: 'file_error',
        message: `The CA file ${path} holds no certificate.`,
      })
    }
  })

  for (const [what, headers, body] of [
    ['9 MiB', {}, Buffer.alloc(9 << 20, ' ')],
    ['9 MiB in a few compressed KiB', {'content-encoding': 'gzip'}, gzipSync(Buffer.alloc(9 << 20, ' '))],
  ] as const) {
    it(`refuses an answer of ${what}`, async () => {
      const url = await serve((_request, response) => response.writeHead(200, headers).end(body))
      await assert.rejects(ask(url), {
        name: 'UnreadableAnswerError',
        code: 'bad_answer',
        message: `${new URL(url).origin} gave an answer that is larger than 8 MiB.`,
        facts: {origin: new URL(url).origin},
      })
    })
  }

  it('takes an answer of 7 MiB', async () => {
    const url = await serve((_request, response) => response.end(JSON.stringify('x'.repeat(7 << 20))))
    assert.equal(String((await ask(url)).json).length, 7 << 20)
  })

  it('ends with its deadline, before the head of an answer and in the midst of its body', async () => {
    const silent = await serve(() => undefined)
    const slow = await serve((_request, response) => {
      response.writeHead(200).write('{')
    })
    for (const url of [silent, slow]) {
      const startMs = performance.now()
      await assert.rejects(ask(url, {deadline: deadlineIn(300, new AbortController().signal)}), {code: 'network'})
      assert.ok(performance.now() - startMs < 5000)
    }
  })

  it('ends when the user interrupts', async () => {
    const interruption = new AbortController()
    const url = await serve(() => interruption.abort())
    await assert.rejects(ask(url, {deadline: deadlineIn(60_000, interruption.signal)}), {code: 'network'})
  })

  it('says where nobody listens, without the token', async () => {
    const url = await serve(() => undefined)
    for (const server of servers.splice(0)) server.close()
    await assert.rejects(ask(url), (error: Error & {code: string; hint?: string; facts: unknown}) => {
      assert.deepEqual(
        [error.name, error.code, error.facts],
        ['NetworkError', 'network', {origin: new URL(url).origin}],
      )
      assert.match(error.message, /^Could not reach https:\/\/localhost:\d+: connect ECONNREFUSED/)
      assert.match(`${error.hint}`, /^Nothing listens there\. .*: runcode server up$/)
      return !JSON.stringify({...error, message: error.message}).includes('secret')
    })
  })
})
