import assert from 'node:assert/strict'
import fc from 'fast-check'
import {parseSshProxy, renderSshProxy} from '../../src/profile/ssh-proxy.ts'

describe('parseSshProxy()', () => {
  it('takes an http address of a proxy, and renders it as what it is parsed from', () => {
    for (const text of [
      'http://proxy.example.test:3128',
      'http://proxy',
      'http://10.0.0.1:8080',
      'http://[2001:db8::1]:3128',
      'http://me:secret@proxy.example.test:3128',
      'http://me@proxy',
      "http://me:a%3Ab%2F%20!$&'()*+,-._~@proxy",
      'http://d%C3%B6main%5Cme:x@proxy:1',
    ]) {
      const url = parseSshProxy(text)
      assert.ok(url !== undefined, text)
      assert.equal(renderSshProxy(url).replaceAll('%27', "'"), text)
      assert.equal(parseSshProxy(renderSshProxy(url))?.href, url.href)
    }
    assert.equal(parseSshProxy('http://proxy:3128/')?.port, '3128')
  })

  for (const [why, text] of Object.entries({
    'it is empty': '',
    'it has no scheme': 'proxy.example.test:3128',
    'TLS to a proxy is not spoken': 'https://proxy.example.test',
    'SOCKS is not spoken': 'socks5://proxy.example.test:1080',
    'the scheme has one slash': 'http:/proxy',
    'there is no host': 'http://:3128',
    'it has a path': 'http://proxy/x',
    'it has a query': 'http://proxy?x',
    'it has a fragment': 'http://proxy#x',
    'a blank is before it': ' http://proxy',
    'a line end is behind it': 'http://proxy\n',
    'a tab, which URL drops, is in it': 'http://pro\txy',
    'the port is no number': 'http://proxy:x',
    'the port is 0': 'http://proxy:0',
    'the port is too high': 'http://proxy:65536',
    'the password has an at sign': 'http://me:a@b@proxy',
    'the password has a blank': 'http://me:a b@proxy',
    'the password is spelt badly': 'http://me:%zz@proxy',
    'the password is no UTF-8': 'http://me:%ff@proxy',
    'the user has a colon, which cannot be told (RFC 7617)': 'http://m%3Ae:x@proxy',
    'a line end is in the password (RFC 7617)': 'http://me:a%0d%0ab@proxy',
    'the host is written as a number is': 'http://1.2.3.999',
  }))
    it(`takes none where ${why}`, () => assert.equal(parseSshProxy(text), undefined))

  it('gives back any user and password that can be told', () => {
    const word = fc.string({unit: 'grapheme', minLength: 1}).filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text))
    const user = word.filter((text) => !text.includes(':'))
    fc.assert(
      fc.property(user, word, (name, password) => {
        const url = parseSshProxy(`http://${encodeURIComponent(name)}:${encodeURIComponent(password)}@proxy:1`)
        assert.deepEqual(
          [url?.username, url?.password].map((one) => decodeURIComponent(one ?? '')),
          [name, password],
        )
      }),
    )
  })
})
