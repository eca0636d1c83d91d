import assert from 'node:assert/strict'
import {generateHostKey} from '../../../src/server/gateway/host-key.ts'
import {judgeOfferedKey, type OfferedKey} from '../../../src/server/gateway/judge-offered-key.ts'

const {publicKey} = generateHostKey()
const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64')
const good: OfferedKey = {algorithm: 'ssh-ed25519', hashAlgorithm: undefined, blob}
const field = (text: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)])
const rsa = {algorithm: 'ssh-rsa', blob: Buffer.concat([field('ssh-rsa'), Buffer.alloc(8)])}
const certificate = 'ssh-ed25519-cert-v01@openssh.com'
const lineOf = (algorithm: string, bytes: Buffer): string => `${algorithm} ${bytes.toString('base64')}`

describe('an offered key', () => {
  it('that is registered may prove itself', () => {
    assert.equal(judgeOfferedKey(['ssh-ed25519 AAAA', publicKey], good), 'registered')
  })
  for (const hashAlgorithm of ['sha256', 'sha512']) {
    it(`of RSA with ${hashAlgorithm} may prove itself`, () => {
      assert.equal(judgeOfferedKey([lineOf('ssh-rsa', rsa.blob)], {...rsa, hashAlgorithm}), 'registered')
    })
  }
  for (const [what, publicKeys, offered, verdict] of [
    ['for a workspace that is not there', undefined, good, 'unknown_user'],
    ['for a workspace without keys', [], good, 'unknown_key'],
    ['that is registered only in part', [publicKey.slice(0, -2)], good, 'unknown_key'],
    ['that is registered with a comment', [`${publicKey} comment`], good, 'unknown_key'],
    ['of RSA with SHA-1', [lineOf('ssh-rsa', rsa.blob)], {...rsa, hashAlgorithm: undefined}, 'wrong_algorithm'],
    [
      'whose algorithm is not of its type',
      [publicKey],
      {...good, algorithm: 'ssh-rsa', hashAlgorithm: 'sha256'},
      'wrong_algorithm',
    ],
    [
      'that is a certificate',
      [lineOf(certificate, field(certificate))],
      {...good, algorithm: certificate, blob: field(certificate)},
      'wrong_algorithm',
    ],
    [
      'of a type that nobody should use',
      [lineOf('ssh-dss', field('ssh-dss'))],
      {...good, algorithm: 'ssh-dss', blob: field('ssh-dss')},
      'wrong_algorithm',
    ],
    ['that is not there', [publicKey], {...good, blob: undefined}, 'wrong_algorithm'],
    ['that is empty', [publicKey], {...good, blob: Buffer.alloc(0)}, 'wrong_algorithm'],
    [
      'whose type is longer than it is',
      [publicKey],
      {...good, blob: Buffer.from([0xff, 0xff, 0xff, 0xff, 1])},
      'wrong_algorithm',
    ],
  ] as const) {
    it(`${what} is ${verdict}`, () => assert.equal(judgeOfferedKey(publicKeys, offered), verdict))
  }
})
