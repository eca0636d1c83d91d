import assert from 'node:assert/strict'
import fc from 'fast-check'
import {InvalidPortSpecError, parsePortSpec, remoteText, reversePort} from '../../src/forward/port-spec.ts'

describe('a port to forward', () => {
  for (const [text, local, host, remote] of [
    ['5173', 5173, 'localhost', 5173],
    ['8080:3000', 8080, 'localhost', 3000],
    ['0:3000', 0, 'localhost', 3000],
    ['8080:db.example.test:5432', 8080, 'db.example.test', 5432],
    ['8080:10.0.0.7:5432', 8080, '10.0.0.7', 5432],
    ['8080:[::1]:5432', 8080, '::1', 5432],
    ['65535:1', 65_535, 'localhost', 1],
  ] as const) {
    it(`is read from ${text}`, () => assert.deepEqual(parsePortSpec(text), {local, host, remote, isReverse: false}))
  }

  for (const text of [
    ...[
      '',
      '0',
      '0:0',
      '8080:0',
      '65536',
      '8080:65536',
      '-1',
      '+1',
      '1.5',
      '0x10',
      ' 80',
      '80 ',
      '80:',
      ':80',
      '1:2:3:4',
    ],
    ...['80:host', '80::80', '80:a b:80', '80:-oProxyCommand=x:80', '80:$(id):80', '80:a%h:80', '80:/tmp/socket:80'],
    ...['80:[a]:80', '80:[fe80::1%eth0]:80', '80:::1:80', '80:a\n:80', '80:ä.example:80', '80\n', '８０'],
  ]) {
    it(`is not read from ${JSON.stringify(text)}`, () => assert.throws(() => parsePortSpec(text), InvalidPortSpecError))
  }

  it('leads the other way with the same order, to this machine itself and to no free port', () => {
    const port = {local: 8080, host: 'localhost', remote: 3000, isReverse: true}
    assert.deepEqual(reversePort(parsePortSpec('8080:3000')), port)
    for (const text of ['0:3000', '8080:db.example.test:3000', '8080:[::1]:3000'])
      assert.throws(() => reversePort(parsePortSpec(text)), InvalidPortSpecError)
  })

  it('is written as it is read', () => {
    const host = fc.oneof(fc.domain(), fc.ipV4(), fc.constant('::1'), fc.constant('localhost'))
    fc.assert(
      fc.property(fc.integer({min: 0, max: 65_535}), host, fc.integer({min: 1, max: 65_535}), (local, name, remote) => {
        const spec = {local, host: name, remote, isReverse: false}
        assert.deepEqual(parsePortSpec(`${local}:${remoteText(spec)}`), spec)
      }),
    )
  })
})
