import 'reflect-metadata'
import assert from 'node:assert/strict'
import {createPrivateKey, webcrypto} from 'node:crypto'
import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {SubjectAlternativeNameExtension, X509CertificateGenerator} from '@peculiar/x509'
import {deadlineIn} from '../../src/core/deadline.ts'
import {requestJson} from '../../src/network/request-json.ts'
import {type Issued, issueAuthority, issueLeaf} from '../../src/server/certificate-authority/issue.ts'
import {type RawServer, sayOnRequest, startRawServer} from '../support/raw-server.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const DAY_MS = 86_400_000
const BOTH = {dns: ['localhost'], ip: ['127.0.0.1']}
const CHECK_ADDRESS = 'Check the address of the control plane: "runcode doctor" shows it.'
const LONG_AGO = new Date(Date.now() - 200 * DAY_MS)
const AUTHORITY = `runcode server ${LONG_AGO.toISOString().slice(0, 10)}`
const signedBy = (issuer: string): string =>
  `its certificate was signed by "${issuer}", which is not among those we trust: those of CA-FILE.`
const NOBODY_HINT =
  'If it has a CA of its own, name that in RUNCODE_CA_FILE or in the profile; if not, someone else answers there.'

/** Who answers with the wrong papers gets no token, and whoever asked gets one sentence and what to do. */
describe('a service', () => {
  const folder = temporaryFolder()
  let ours: Issued
  let other: Issued
  let server: RawServer | undefined

  before(async () => {
    ours = await issueAuthority(LONG_AGO)
    other = await issueAuthority(LONG_AGO)
  })
  afterEach(() => server?.close())

  const leaf = (from: Issued, names = BOTH, days = 0): Promise<Issued> =>
    issueLeaf(from, names, new Date(Date.now() + days * DAY_MS))

  for (const [what, papers, host, reason, hint] of [
    ['of another authority', () => leaf(other), 'localhost', signedBy(AUTHORITY), NOBODY_HINT],
    ['that vouches for itself', selfSigned, 'localhost', signedBy('localhost'), NOBODY_HINT],
    [
      'with the certificate of an authority for its own',
      async () => ours,
      'localhost',
      'its certificate cannot be believed.',
      'Whoever runs the control plane must see to its certificate, or someone else answers there.',
    ],
    [
      'with a certificate for another name',
      () => leaf(ours, {dns: ['localhost'], ip: []}),
      '127.0.0.1',
      'its certificate is for another name.',
      `${CHECK_ADDRESS} If it is right, someone else answers there.`,
    ],
    [
      'with a certificate that has expired',
      () => leaf(ours, BOTH, -100),
      'localhost',
      'its certificate has expired.',
      'Check the clock of this machine. If it is right, whoever runs the control plane must renew the certificate.',
    ],
    [
      'with a certificate of next week',
      () => leaf(ours, BOTH, 7),
      'localhost',
      'its certificate is not valid yet.',
      'Check the clock of this machine.',
    ],
    [
      'without TLS',
      async () => undefined,
      'localhost',
      'what answers there does not speak TLS as it should.',
      `The port may be one of plain HTTP, or of another service. ${CHECK_ADDRESS}`,
    ],
  ] as const) {
    it(`${what} gets no token, and is named in one sentence`, async () => {
      const caFile = join(folder.path, 'ca.pem')
      writeFileSync(caFile, ours.certificate)
      let heard = ''
      server = await startRawServer(
        (socket) => {
          sayOnRequest(['HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'])(socket)
          socket.on('data', (bytes: Buffer) => {
            heard += bytes.toString('latin1')
          })
        },
        await papers(),
      )
      const origin = `https://${host}:${server.port}`
      const asked = requestJson({
        method: 'POST',
        url: new URL(`${origin}/api`),
        authorization: 'Token secret',
        body: {public_key: 'secret'},
        trust: {caFile, addedCaFile: undefined},
        deadline: deadlineIn(10_000, new AbortController().signal),
      })
      await assert.rejects(asked, (error: Error) => {
        const {code, message, facts, hint: said, retryable} = error as unknown as Record<string, unknown>
        assert.deepEqual(
          {code, message, said, facts, retryable},
          {
            code: 'network',
            message: `Could not reach ${origin}: ${reason.replace('CA-FILE', caFile)}`,
            said: hint,
            facts: {origin},
            retryable: true,
          },
        )
        // Nothing that we say may teach to look away.
        return !/reject|insecure|verif|NODE_TLS|disable/i.test(`${message} ${said}`)
      })
      assert.equal(server.connections() <= 1, true)
      assert.equal(heard.includes('secret'), false)
    })
  }
})

const CURVE = {name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256'}

async function selfSigned(): Promise<Issued> {
  const keys = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify'])
  const extensions = [new SubjectAlternativeNameExtension([{type: 'dns', value: 'localhost'}])]
  const options = {name: 'CN=localhost', keys, signingAlgorithm: CURVE, extensions}
  const certificate = await X509CertificateGenerator.createSelfSigned(options, webcrypto)
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  const pem = createPrivateKey({key, format: 'der', type: 'pkcs8'}).export({type: 'pkcs8', format: 'pem'})
  return {certificate: certificate.toString('pem'), key: pem.toString()}
}
