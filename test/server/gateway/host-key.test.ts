import assert from 'node:assert/strict'
import ssh2 from 'ssh2'
import {generateHostKey, isHostKey} from '../../../src/server/gateway/host-key.ts'

describe('a host key', () => {
  const {publicKey, privateKey} = generateHostKey()

  it('is ed25519, and its two halves belong together', () => {
    const parsed = ssh2.utils.parseKey(privateKey)
    assert.equal(
      parsed instanceof Error ? parsed : `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`,
      publicKey,
    )
    assert.match(publicKey, /^ssh-ed25519 [A-Za-z0-9+/]{68}$/)
    assert.match(privateKey, /^-----BEGIN OPENSSH PRIVATE KEY-----\n/)
  })
  it('is whole and another one each time, in 1,000 of them', () => {
    const keys = Array.from({length: 1000}, generateHostKey)
    assert.equal(
      keys.every((key) => isHostKey(key.privateKey) && /^ssh-ed25519 [A-Za-z0-9+/]{68}$/.test(key.publicKey)),
      true,
    )
    assert.equal(new Set(keys.map((key) => key.publicKey)).size, 1000)
  })
  it('is not a public key, another type of key, or anything else', () => {
    const ecdsa = ssh2.utils.generateKeyPairSync('ecdsa', {bits: 256}).private
    assert.deepEqual([publicKey, ecdsa, ''].map(isHostKey), [false, false, false])
  })
})
