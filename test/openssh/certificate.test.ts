import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {certificateFault, parseUserCertificate} from '../../src/openssh/certificate.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

/** Certificates as ssh-keygen signs them. */
describe('a user certificate', () => {
  const folder = temporaryFolder()
  const at = (name: string): string => join(folder.path, name)
  const keygen = (...args: string[]): void => {
    const {status, stderr} = spawnSync('ssh-keygen', ['-q', ...args], {encoding: 'utf8'})
    assert.equal(status, 0, stderr)
  }
  const sign = (...args: string[]): string => {
    keygen('-s', at('ca'), '-I', 'id', ...args, at('id.pub'))
    return readFileSync(at('id-cert.pub'), 'utf8')
  }
  const faultOf = (line: string, {user = 'calm-reed', now = new Date(), key = 'id'} = {}): string | undefined => {
    const certificate = parseUserCertificate(line)
    assert.ok(certificate !== undefined)
    return certificateFault(certificate, {publicKey: readFileSync(at(`${key}.pub`), 'utf8'), user, now})
  }

  beforeEach(() => {
    for (const name of ['ca', 'id', 'other']) keygen('-t', 'ed25519', '-N', '', '-f', at(name))
  })

  it('for our key, our user and now is good', () => {
    assert.equal(faultOf(sign('-n', 'calm-reed', '-V', '-1m:+30m')), undefined)
    assert.equal(faultOf(sign('-n', 'x,calm-reed', '-O', 'source-address=127.0.0.1/32')), undefined)
  })

  it('is read whole', () => {
    const {principals, validAfter, validBefore, criticalOptions, keyBase64} =
      parseUserCertificate(sign('-n', 'a,b', '-V', '20300102030405Z:20300102040405Z', '-O', 'force-command=x')) ?? {}
    assert.deepEqual(
      [principals, validAfter?.toISOString(), validBefore?.toISOString(), criticalOptions, keyBase64],
      [
        ['a', 'b'],
        '2030-01-02T03:04:05.000Z',
        '2030-01-02T04:04:05.000Z',
        ['force-command'],
        readFileSync(at('id.pub'), 'utf8').split(' ')[1],
      ],
    )
  })

  for (const [why, args, fault] of [
    ['another user', ['-n', 'root'], 'is not for the user calm-reed'],
    ['every user', [], 'is not for the user calm-reed'],
    [
      'a command that it forces',
      ['-n', 'calm-reed', '-O', 'force-command=x'],
      'has a critical option that changes what a login does',
    ],
    [
      'an option that we do not know',
      ['-n', 'calm-reed', '-O', 'critical:new@example.com=x'],
      'has a critical option that changes what a login does',
    ],
    [
      'a touch that it demands',
      ['-n', 'calm-reed', '-O', 'verify-required'],
      'has a critical option that changes what a login does',
    ],
    ['a time that is over', ['-n', 'calm-reed', '-V', '-2h:-1h'], 'is over already'],
    ['a time to come', ['-n', 'calm-reed', '-V', '+1h:+2h'], 'is not valid yet'],
  ] as const) {
    it(`for ${why} is refused`, () => assert.equal(faultOf(sign(...args)), fault))
  }

  it('for another key is refused', () =>
    assert.equal(faultOf(sign('-n', 'calm-reed'), {key: 'other'}), 'is for another key'))

  it('is judged by the clock of whoever signed it', () => {
    const line = sign('-n', 'calm-reed', '-V', '20300102030405Z:20300102040405Z')
    assert.equal(faultOf(line, {now: new Date('2030-01-02T03:30:00Z')}), undefined)
  })

  it('is not what a host certificate is, a plain key, a cut one, or several lines', () => {
    const line = sign('-n', 'calm-reed')
    assert.equal(parseUserCertificate(readFileSync(at('id.pub'), 'utf8')), undefined)
    assert.equal(parseUserCertificate(sign('-h', '-n', 'calm-reed')), undefined)
    assert.equal(parseUserCertificate(`${line.split(' ').slice(0, 2).join(' ').slice(0, 200)}`), undefined)
    assert.equal(parseUserCertificate(line + line), undefined)
  })
})
