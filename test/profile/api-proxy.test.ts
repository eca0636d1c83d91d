import assert from 'node:assert/strict'
import {apiProxy} from '../../src/profile/api-proxy.ts'
import {isWithoutProxy} from '../../src/profile/no-proxy.ts'

describe('NO_PROXY', () => {
  for (const [rules, address, wanted] of [
    ['', 'plane.example.test', false],
    ['*', 'plane.example.test', true],
    ['example.test', 'plane.example.test', true],
    ['.example.test', 'plane.example.test', true],
    ['*.example.test', 'plane.example.test', true],
    ['example.test', 'example.test', true],
    ['.example.test', 'example.test', true],
    ['example.test', 'myexample.test', false],
    ['example.test', 'example.test.evil.test', false],
    ['EXAMPLE.test', 'Plane.Example.TEST', true],
    ['example.test.', 'plane.example.test.', true],
    ['other.test,example.test', 'plane.example.test', true],
    [' other.test  example.test ', 'plane.example.test', true],
    ['example.test:443', 'plane.example.test', true],
    ['example.test:8443', 'plane.example.test', false],
    ['example.test:8443', 'plane.example.test:8443', true],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3:8443', '10.1.2.3', false],
    ['10.1.2.3', '10.1.2.30', false],
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '11.1.2.3', false],
    ['10.0.0.0/33', '10.1.2.3', false],
    ['10.0.0.0/x', '10.0.0.0', false],
    ['10.0.0.0/8', '10.example.test', false],
    ['.3', '10.1.2.3', false],
    ['fd00::/8', '[fd12::1]', true],
    ['fd00::/8', '[fe80::1]', false],
    ['[fd12::1]', '[fd12::1]', true],
    ['[fd12::1]:8443', '[fd12::1]', false],
    ['::1', '[::1]', true],
    ['.', 'plane.example.test', false],
    ['*example.test', 'plane.example.test', false],
  ] as const) {
    it(`"${rules}" ${wanted ? 'keeps' : 'does not keep'} ${address} from the proxy`, () =>
      assert.equal(isWithoutProxy(new URL(`https://${address}`), rules), wanted))
  }
})

describe('apiProxy()', () => {
  const plane = new URL('https://plane.example.test')
  const find = (env: NodeJS.ProcessEnv, url = plane, ofProfile?: URL): string | undefined => {
    const {url: proxy, setting} = apiProxy(env, url, ofProfile) ?? {}
    return proxy === undefined ? undefined : `${setting} ${proxy.href}`
  }

  it('takes the first that says something, as curl does', () => {
    const all = {https_proxy: 'http://a:1', HTTPS_PROXY: 'http://b:1', all_proxy: 'http://c:1', ALL_PROXY: 'http://d:1'}
    assert.equal(find(all), 'https_proxy http://a:1/')
    assert.equal(find({...all, https_proxy: ''}), 'HTTPS_PROXY http://b:1/')
    assert.equal(find({...all, https_proxy: '', HTTPS_PROXY: ''}), 'all_proxy http://c:1/')
    assert.equal(find({ALL_PROXY: 'd:1'}), 'ALL_PROXY http://d:1/')
    assert.equal(find({HTTP_PROXY: 'http://e:1', http_proxy: 'http://e:1'}), undefined)
  })

  it('goes by no_proxy, else by NO_PROXY', () => {
    const env = {HTTPS_PROXY: 'http://b:1', no_proxy: 'example.test', NO_PROXY: 'other.test'}
    assert.equal(find(env), undefined)
    assert.equal(find({...env, no_proxy: 'other.test'}), 'HTTPS_PROXY http://b:1/')
    assert.equal(find({...env, no_proxy: '', NO_PROXY: '*'}), undefined)
  })

  it('takes the one of the profile where the environment names none, and by the same NO_PROXY', () => {
    const ofProfile = new URL('http://p:1')
    assert.equal(find({}, plane, ofProfile), 'the https_proxy of the profile http://p:1/')
    assert.equal(find({HTTPS_PROXY: ''}, plane, ofProfile), 'the https_proxy of the profile http://p:1/')
    assert.equal(find({HTTPS_PROXY: 'http://b:1'}, plane, ofProfile), 'HTTPS_PROXY http://b:1/')
    assert.equal(find({NO_PROXY: '.test'}, plane, ofProfile), undefined)
    assert.equal(find({}, new URL('https://localhost:1'), ofProfile), undefined)
  })

  for (const address of ['https://localhost:8443', 'https://127.0.0.1', 'https://127.9.9.9', 'https://[::1]:1'])
    it(`is none for ${address}, which at the proxy is another machine`, () =>
      assert.equal(find({HTTPS_PROXY: 'nonsense://'}, new URL(address)), undefined))

  for (const text of [
    'https://b',
    'socks5://b',
    'http://',
    'http://me:%zz@b',
    'http://me:%0d%0a@b',
    'http://b/path',
    'a b',
  ])
    it(`refuses ${JSON.stringify(text)} without showing it`, () =>
      assert.throws(() => find({HTTPS_PROXY: text}), {
        name: 'InvalidProxyError',
        code: 'usage',
        message: 'HTTPS_PROXY is not of the form http://[user:password@]host[:port].',
      }))
})
