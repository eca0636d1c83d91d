import assert from 'node:assert/strict'
import {keepSecret, redact} from '../../src/core/redact.ts'

describe('redact()', () => {
  for (const [text, expected] of [
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\nrest', '<private key>\nrest'],
    ['cut: -----BEGIN PRIVATE KEY-----\nAAAA', 'cut: <private key>'],
    ['ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1l me@here', '<certificate> me@here'],
    ['authorization: Bearer abc.def-1', 'authorization: Bearer <secret>'],
    ['http://me:pass@proxy.example.test:8080/', 'http://<secret>@proxy.example.test:8080/'],
    ['calm-reed@gw.example.test: Permission denied', 'calm-reed@gw.example.test: Permission denied'],
  ] as const)
    it(`makes ${JSON.stringify(text.slice(0, 30))} ${JSON.stringify(expected)}`, () =>
      assert.equal(redact(text), expected))

  it('takes out each secret that this process holds, wherever it stands', () => {
    keepSecret('s3cret.value')
    assert.equal(redact('a s3cret.value and s3cret.value$'), 'a <token> and <token>$')
  })
})
