import assert from 'node:assert/strict'
import {X509Certificate} from 'node:crypto'
import {mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {createServer, get, type Server} from 'node:https'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type Authority, ensureAuthority} from '../../../src/server/certificate-authority/ensure-authority.ts'
import {type Issued, issueLeaf} from '../../../src/server/certificate-authority/issue.ts'
import {keepRenewed} from '../../../src/server/certificate-authority/keep-renewed.ts'

const DAY_MS = 86_400_000
const NOW = new Date()
const inDays = (days: number): Date => new Date(NOW.getTime() + days * DAY_MS)

describe('ensureAuthority()', () => {
  let folder: string
  let server: Server | undefined

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'runcode-authority-')), 'authority')
  })

  afterEach(async () => {
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)))
    server = undefined
    rmSync(join(folder, '..'), {recursive: true})
  })

  const serve = async ({certificate, key}: Issued): Promise<number> => {
    const listening = createServer({cert: certificate, key}, (_request, response) => response.end('hello'))
    server = listening
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
    return (listening.address() as AddressInfo).port
  }

  /** The answer, or the message of the failure; `servername` is whom the client believes to be talking to. */
  const ask = (port: number, host: string, ca: string, servername?: string): Promise<string> =>
    new Promise((resolve) => {
      const options = {host, port, ca, agent: false, ...(servername === undefined ? {} : {servername})}
      get(options, (response) => response.setEncoding('utf8').on('data', resolve)).on('error', (error) =>
        resolve(error.message),
      )
    })

  it('makes a leaf that a client accepts for localhost and 127.0.0.1, with its authority alone', async () => {
    const authority = await ensureAuthority(folder, NOW)
    const port = await serve(authority)
    assert.equal(await ask(port, 'localhost', authority.ca), 'hello')
    assert.equal(await ask(port, '127.0.0.1', authority.ca), 'hello')
    assert.match(await ask(port, 'localhost', authority.ca, 'example.com'), /does not match certificate's altnames/)
  })

  it('makes an authority that clients do not believe for any other name', async () => {
    const {ca} = await ensureAuthority(folder, NOW)
    const authority = {certificate: ca, key: readFileSync(join(folder, 'ca.key'), 'utf8')}
    for (const names of [
      {dns: ['example.com'], ip: []},
      {dns: ['localhost', 'example.com'], ip: []},
      {dns: [], ip: ['127.0.0.2']},
    ]) {
      const port = await serve(await issueLeaf(authority, names, NOW))
      assert.equal(await ask(port, '127.0.0.1', ca), 'permitted subtree violation')
      await new Promise((resolve) => server?.close(resolve))
    }
  })

  it('keeps its keys to its owner', async () => {
    await ensureAuthority(folder, NOW)
    const modes = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o777])
    assert.deepEqual(Object.fromEntries(modes), {'ca.pem': 0o644, 'ca.key': 0o600, 'leaf.pem': 0o600})
    assert.equal(statSync(folder).mode & 0o777, 0o700)
  })

  it('gives an authority of ten years and a leaf of ninety days, for a TLS server and three names', async () => {
    const {ca, certificate, renewAt} = await ensureAuthority(folder, NOW)
    const [authority, leaf] = [new X509Certificate(ca), new X509Certificate(certificate)]
    const days = ({validFrom, validTo}: X509Certificate): number =>
      (Date.parse(validTo) - Date.parse(validFrom)) / DAY_MS
    assert.deepEqual([authority.ca, leaf.ca, days(authority), days(leaf)], [true, false, 3650, 90])
    assert.equal(leaf.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
    assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1'])
    assert.equal(Math.round((Date.parse(leaf.validTo) - renewAt.getTime()) / DAY_MS), 30)
  })

  it('gives the same authority and leaf until the leaf is due', async () => {
    const first = await ensureAuthority(folder, NOW)
    assert.deepEqual(await ensureAuthority(folder, inDays(59)), first)
  })

  it('renews the leaf under the same authority when less than a third of its life is left', async () => {
    const first = await ensureAuthority(folder, NOW)
    const second = await ensureAuthority(folder, inDays(61))
    assert.equal(second.ca, first.ca)
    assert.notEqual(second.certificate, first.certificate)
    assert.notEqual(second.key, first.key)
    assert.ok(second.renewAt > first.renewAt)
  })

  it('makes a new authority when the old one would end before its leaf', async () => {
    const first = await ensureAuthority(folder, NOW)
    assert.notEqual((await ensureAuthority(folder, inDays(3650 - 89))).ca, first.ca)
  })

  for (const [why, file] of Object.entries({
    'a damaged leaf': 'leaf.pem',
    'a damaged authority': 'ca.pem',
    'a damaged key': 'ca.key',
  }))
    it(`heals ${why}`, async () => {
      await ensureAuthority(folder, NOW)
      writeFileSync(join(folder, file), 'not PEM\n')
      const healed = await ensureAuthority(folder, NOW)
      assert.equal(await ask(await serve(healed), 'localhost', healed.ca), 'hello')
      assert.deepEqual(await ensureAuthority(folder, NOW), healed)
    })

  it('is renewed under a running server, whose clients then see the new leaf', async () => {
    const first = await ensureAuthority(folder, NOW)
    const port = await serve(first)
    let clock = NOW
    const renewed: Authority[] = []
    const renewal = keepRenewed({
      folder,
      current: first,
      now: () => clock,
      onRenewed: (authority) => {
        renewed.push(authority)
        server?.setSecureContext({cert: authority.certificate, key: authority.key})
      },
      onFailure: (error) => assert.fail(String(error)),
    })
    try {
      assert.deepEqual([await renewal.check(), renewed.length], [false, 0])
      clock = inDays(61)
      assert.deepEqual([await renewal.check(), await renewal.check(), renewed.length], [true, false, 1])
      const fingerprint = new X509Certificate(renewed[0]?.certificate ?? '').fingerprint256
      assert.equal(await fingerprintOf(port, first.ca), fingerprint)
    } finally {
      renewal.stop()
    }
  })

  const fingerprintOf = (port: number, ca: string): Promise<string> =>
    new Promise((resolve, reject) => {
      // The new leaf begins in the future of this machine's clock, which the client would refuse.
      const request = get({host: 'localhost', port, ca, agent: false, rejectUnauthorized: false}, (response) => {
        response.resume()
        resolve((response.socket as import('node:tls').TLSSocket).getPeerCertificate().fingerprint256)
      })
      request.on('error', reject)
    })
})
