import assert from 'node:assert/strict'
import {createServer, type Server} from 'node:https'
import type {AddressInfo, Socket} from 'node:net'
import {join} from 'node:path'
import {createGzip, gzipSync} from 'node:zlib'
import {deadlineIn} from '../../src/core/deadline.ts'
import {type JsonAnswer, requestJson} from '../../src/network/request-json.ts'
import {type Authority, ensureAuthority} from '../../src/server/certificate-authority/ensure-authority.ts'
import {drip, type RawServer, sayOnRequest, startRawServer} from '../support/raw-server.ts'
import {outcomeOf, startProgram} from '../support/start-program.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
const TRY_AGAIN = 'Try again; "runcode doctor" tells more.'
const CHECK_ADDRESS = 'Check the address of the control plane: "runcode doctor" shows it.'

/** What a service may do to whoever asks it; each asked with a token that must not leave. */
describe('a hostile answer', () => {
  const folder = temporaryFolder()
  let authority: Authority
  let server: RawServer | undefined

  beforeEach(async () => {
    authority = await ensureAuthority(join(folder.path, 'authority'), new Date())
  })
  afterEach(() => server?.close())

  const request = (port: number, limitMs: number): Promise<JsonAnswer> =>
    requestJson({
      method: 'GET',
      url: new URL(`https://localhost:${port}/x`),
      authorization: 'Token secret',
      trust: {caFile: authority.caFile, addedCaFile: undefined},
      deadline: deadlineIn(limitMs, new AbortController().signal),
    })
  const ask = async (
    talk: Parameters<typeof startRawServer>[0],
    {limitMs = 10_000, tls = true} = {},
  ): Promise<JsonAnswer> => {
    server = await startRawServer(talk, tls ? authority : undefined)
    return request(server.port, limitMs)
  }
  const untilClosed = async (): Promise<void> => {
    for (let tries = 0; server?.open() !== 0 && tries < 100; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(server?.open(), 0)
  }
  const failure = (code: string, message: string, hint: string) => {
    const origin = `https://localhost:${server?.port}`
    return {code, message: message.replace('ORIGIN', origin), hint, facts: {origin}}
  }

  describe('that takes too long ends with the deadline, and the connection with it:', () => {
    for (const [what, talk, tls = true] of [
      ['a connection without TLS that stays silent', () => undefined, false],
      ['TLS that stays silent', () => undefined],
      ['a head that never ends, byte by byte', drip('HTTP/1.1 200 OK\r\nx: ', 'a')],
      ['a body that never ends, byte by byte', drip(`${HEAD}\r\n{`, ' ')],
      ['a body in chunks that never ends', drip(`${HEAD}transfer-encoding: chunked\r\n\r\n`, '1\r\n \r\n')],
      ['interim answers without end', drip('', 'HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n')],
      ['a "continue" and then nothing', sayAndWait('HTTP/1.1 100 Continue\r\n\r\n')],
    ] as const) {
      it(what, async () => {
        const began = performance.now()
        const asked = ask(talk, {limitMs: 400, tls})
        await assert.rejects(asked, (error: object) => {
          const wanted = failure('network', 'Could not reach ORIGIN: it gave no whole answer in time.', TRY_AGAIN)
          assert.deepEqual(pick(error), {...wanted, retryable: true})
          return true
        })
        await untilClosed()
        assert.ok(performance.now() - began < 3000)
      })
    }
  })

  it('that turns to another protocol, which nobody asked for, ends at once, and the connection with it', async () => {
    const upgrade = sayAndWait('HTTP/1.1 101 x\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n')
    await assert.rejects(ask(upgrade), (error: object) => {
      const wanted = failure('bad_answer', 'ORIGIN gave an answer that turns to another protocol.', CHECK_ADDRESS)
      assert.deepEqual(pick(error), {...wanted, retryable: false})
      return true
    })
    await untilClosed()
  })

  it('of interim answers without end, as fast as they go, does not fill the memory', async () => {
    const many = 'HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n'.repeat(1000)
    const before = process.memoryUsage().rss
    await assert.rejects(ask(sayOnRequest(endless(many)), {limitMs: 1000}), {code: 'network'})
    assert.ok(process.memoryUsage().rss - before < 100 << 20)
  })

  for (const [what, bytes, code, message, hint] of [
    [
      'no HTTP',
      'SSH-2.0-OpenSSH_9.9\r\n',
      'bad_answer',
      'ORIGIN gave an answer that is not HTTP (HPE_INVALID_CONSTANT).',
      CHECK_ADDRESS,
    ],
    [
      'a head without end',
      endless(`x: ${'a'.repeat(1000)}\r\n`, 'HTTP/1.1 200 OK\r\n'),
      'bad_answer',
      'ORIGIN gave an answer that is not HTTP (HPE_HEADER_OVERFLOW).',
      CHECK_ADDRESS,
    ],
    [
      'two lengths',
      `${HEAD}content-length: 2\r\ncontent-length: 4\r\n\r\n{}{}`,
      'bad_answer',
      'ORIGIN gave an answer that is not HTTP (HPE_UNEXPECTED_CONTENT_LENGTH).',
      CHECK_ADDRESS,
    ],
    [
      'a negative length',
      `${HEAD}content-length: -2\r\n\r\n{}`,
      'bad_answer',
      'ORIGIN gave an answer that is not HTTP (HPE_INVALID_CONTENT_LENGTH).',
      CHECK_ADDRESS,
    ],
    [
      'a chunk without a size',
      `${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n{}`,
      'bad_answer',
      'ORIGIN gave an answer that is not HTTP (HPE_INVALID_CHUNK_SIZE).',
      CHECK_ADDRESS,
    ],
    [
      'a length and chunks',
      `${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
      'bad_answer',
      'ORIGIN gave an answer that is not HTTP (HPE_INVALID_TRANSFER_ENCODING).',
      CHECK_ADDRESS,
    ],
    [
      'less than its length',
      `${HEAD}content-length: 100\r\n\r\n{}`,
      'network',
      'Could not reach ORIGIN: it broke the connection off.',
      TRY_AGAIN,
    ],
    ['nothing', '', 'network', 'Could not reach ORIGIN: it broke the connection off.', TRY_AGAIN],
    [
      'gzip that is none',
      `${HEAD}content-encoding: gzip\r\n\r\nnot gzip`,
      'bad_answer',
      'ORIGIN gave an answer that is compressed wrongly (Z_DATA_ERROR).',
      CHECK_ADDRESS,
    ],
    [
      'half of gzip',
      [`${HEAD}content-encoding: gzip\r\n\r\n`, gzipSync('{"a":1}').subarray(0, -9)],
      'bad_answer',
      'ORIGIN gave an answer that is compressed wrongly (Z_BUF_ERROR).',
      CHECK_ADDRESS,
    ],
  ] as const) {
    it(`of ${what} is one clear failure`, async () => {
      const pieces = typeof bytes === 'string' ? [bytes] : bytes
      await assert.rejects(ask(sayOnRequest(pieces)), (error: object) => {
        assert.deepEqual(pick(error), {...failure(code, message, hint), retryable: code === 'network'})
        return true
      })
    })
  }

  for (const [what, body, json] of [
    ['a byte order mark', Buffer.from('\ufeff{"a":1}'), {a: 1}],
    ['a key twice: the last one counts, and it alone is judged', Buffer.from('{"a":1,"a":2}'), {a: 2}],
    ['bytes that are no UTF-8', Buffer.from('{"a":"\xe9"}', 'latin1'), undefined],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le'), undefined],
    ['half a surrogate pair, written as an escape', Buffer.from('{"a":"\\ud800"}'), {a: '\ud800'}],
    ['HTML', Buffer.from('<!doctype html><title>Sign in</title>'), undefined],
    ['half of JSON', Buffer.from('{"a":'), undefined],
    ['JSON with more behind it', Buffer.from('{} {}'), undefined],
    ['100 lists in each other', Buffer.from('['.repeat(100) + ']'.repeat(100)), nested(100)],
    ['101 lists in each other', Buffer.from('['.repeat(101) + ']'.repeat(101)), undefined],
    ['101 objects in each other', Buffer.from(`${'{"a":'.repeat(101)}1${'}'.repeat(101)}`), undefined],
    [
      'brackets in text, which nest nothing',
      Buffer.from(JSON.stringify(`${'['.repeat(200)}\\"${'{'.repeat(200)}`)),
      `${'['.repeat(200)}\\"${'{'.repeat(200)}`,
    ],
    ['a number too large to be one', Buffer.from('1e999'), Number.POSITIVE_INFINITY],
  ] as const) {
    it(`with ${what} is read with care`, async () => {
      assert.deepEqual((await ask(sayOnRequest([`${HEAD}\r\n`, body]))).json, json)
    })
  }

  it('with a key of the prototype changes no object', async () => {
    const {json} = await ask(
      sayOnRequest([`${HEAD}\r\n{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`]),
    )
    assert.deepEqual(Object.keys(json as object), ['__proto__', 'constructor'])
    assert.equal(Reflect.get({}, 'polluted'), undefined)
  })

  describe('that is large', () => {
    const servers: Server[] = []
    afterEach(() => {
      for (const one of servers.splice(0)) {
        one.close()
        one.closeAllConnections()
      }
    })

    for (const [what, encoding, says, write] of [
      ['50 MB', 'identity', 'is larger than 8 MiB', (end: Write) => end(Buffer.alloc(50 << 20, ' '))],
      [
        '50 MB in 50 compressed kB',
        'gzip',
        'is larger than 8 MiB',
        (end: Write) => end(gzipSync(Buffer.alloc(50 << 20, ' '))),
      ],
      [
        '8 MB of brackets',
        'identity',
        undefined,
        (end: Write) => end(Buffer.from('['.repeat(4 << 20) + ']'.repeat(4 << 20))),
      ],
    ] as const) {
      it(`(${what}) takes a bounded part of the memory`, async () => {
        const {key, certificate: cert, caFile} = authority
        const big = createServer({key, cert}, ({url}, response) => {
          if (url === '/small') return void response.end('{}')
          response.writeHead(200, {'content-encoding': encoding})
          write((bytes) => void response.end(bytes))
        })
        servers.push(big)
        await new Promise<void>((resolve) => big.listen(0, '127.0.0.1', resolve))
        const origin = `https://localhost:${(big.address() as AddressInfo).port}`
        const program = startProgram(new URL('memory-program.ts', import.meta.url), [`${origin}/big`, caFile])
        const {said, grownMiB} = JSON.parse((await outcomeOf(program)).stdout)
        if (says === undefined) assert.deepEqual(said.status, 200)
        else assert.equal(said, `${origin} gave an answer that ${says}.`)
        assert.ok(grownMiB < 80, `${grownMiB} MiB`)
      })
    }

    it('without end, compressed, is given up after 8 MiB of what it unpacks to', async () => {
      const gzip = createGzip({level: 1})
      const talk = sayAndWait(`${HEAD}content-encoding: gzip\r\n\r\n`)
      server = await startRawServer((socket) => {
        talk(socket)
        gzip.pipe(socket)
        const feed = (): void => {
          while (!socket.destroyed && gzip.write(Buffer.alloc(1 << 20, ' ')));
          if (!socket.destroyed) gzip.once('drain', feed)
        }
        socket.once('data', feed)
      }, authority)
      const asked = request(server.port, 10_000)
      await assert.rejects(asked, {code: 'bad_answer'})
    })
  })
})

type Write = (bytes: Buffer) => void

function nested(depth: number): unknown {
  return depth === 1 ? [] : [nested(depth - 1)]
}

function* endless(piece: string, first = ''): Generator<string> {
  yield first
  for (;;) yield piece
}

/** Says this once asked, and no more. */
function sayAndWait(text: string) {
  return (socket: Socket): void => void socket.once('data', () => socket.write(text))
}

const pick = (error: object): object => {
  const {code, message, hint, facts, retryable} = error as Record<string, unknown>
  return {code, message, hint, facts, retryable}
}
