import assert from 'node:assert/strict'
import {X509Certificate} from 'node:crypto'
import {existsSync, readFileSync} from 'node:fs'
import {rootCertificates} from 'node:tls'
import {systemAuthorities} from '../../src/network/system-authorities.ts'
import {trustingAgent} from '../../src/network/trusting-agent.ts'

const BUNDLE = '/etc/ssl/certs/ca-certificates.crt'
const idsIn = (text: string): readonly string[] =>
  (text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (pem) => new X509Certificate(pem).fingerprint256,
  )

describe('the authorities of this system', () => {
  it('are all that it has, but for those built into Node, which are read already', async function () {
    if (!existsSync(BUNDLE)) return this.skip()
    const builtIn = new Set(idsIn(rootCertificates.join('\n')))
    const given = idsIn((await systemAuthorities()).join('\n'))
    assert.deepEqual(
      given,
      idsIn(readFileSync(BUNDLE, 'utf8')).filter((id) => !builtIn.has(id)),
    )
  })

  it('are read once for all requests, and again for others', () => {
    const [one, other] = [[rootCertificates[0] ?? ''], [rootCertificates[1] ?? '']]
    const first = trustingAgent(one)
    assert.equal(trustingAgent([...one]), first)
    assert.notEqual(trustingAgent(other).agent, first.agent)
    assert.notEqual(trustingAgent(other).secureContext, first.secureContext)
  })
})
