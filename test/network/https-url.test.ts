import assert from 'node:assert/strict'
import {isLoopback, parseHttpsBase, parseWebBase} from '../../src/network/https-url.ts'

describe('parseHttpsBase()', () => {
  for (const [text, href] of Object.entries({
    'https://app.example.com': 'https://app.example.com/',
    'https://app.example.com///': 'https://app.example.com/',
    'https://app.example.com/base/': 'https://app.example.com/base',
    'HTTPS://APP.example.com:443': 'https://app.example.com/',
    'https://localhost:4443': 'https://localhost:4443/',
    'https://[::1]:4443': 'https://[::1]:4443/',
  })) {
    it(`takes ${text}`, () => assert.equal(parseHttpsBase(text, 'It').href, href))
  }

  for (const [text, message] of Object.entries({
    '': 'It is not an address.',
    'app.example.com': 'It is not an address.',
    'https://': 'It is not an address.',
    'https://[::1': 'It is not an address.',
    'http://app.example.com': 'It is not https (http://…).',
    'http://localhost': 'It is not https (http://…).',
    'http://127.0.0.1:8080': 'It is not https (http://…).',
    'ftp://app.example.com': 'It is not https (ftp://…).',
    'javascript:alert(1)': 'It is not https (javascript://…).',
    'localhost:4443': 'It is not https (localhost://…).',
    'https://me@app.example.com': 'It holds a user name or a password.',
    'https://me:secret@app.example.com': 'It holds a user name or a password.',
    'https://app.example.com/?token=secret': 'It holds a query or a fragment.',
    'https://app.example.com/#secret': 'It holds a query or a fragment.',
  })) {
    it(`refuses ${JSON.stringify(text)} without repeating it`, () =>
      assert.throws(() => parseHttpsBase(text, 'It'), {name: 'InsecureBaseError', code: 'insecure_base', message}))
  }
})

describe('parseWebBase()', () => {
  for (const text of [
    'https://web.example.com/',
    'http://localhost:8080/',
    'http://127.0.0.1:443/',
    'http://[::1]:8080/',
  ]) {
    it(`takes ${text}`, () => assert.equal(parseWebBase(text, 'It').href, text))
  }

  for (const text of [
    'http://web.example.com',
    'http://127.evil.example',
    'http://me:secret@localhost',
    'ftp://localhost',
  ]) {
    it(`refuses ${text} without repeating it`, () =>
      assert.throws(() => parseWebBase(text, 'It'), {code: 'insecure_base'}))
  }
})

describe('isLoopback()', () => {
  for (const host of [
    'localhost',
    'LOCALHOST',
    '127.0.0.1',
    '127.255.0.1',
    '127.1',
    '0x7f.1',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
  ])
    it(`is true for ${host}`, () => assert.equal(isLoopback(new URL(`https://${host}:1/`)), true))

  for (const host of [
    '127.evil.com',
    'localhost.evil.com',
    'evil.localhost.com',
    '128.0.0.1',
    '0.0.0.0',
    '[::]',
    '[::2]',
    '[::ffff:127.0.0.1]',
  ])
    it(`is false for ${host}`, () => assert.equal(isLoopback(new URL(`https://${host}:1/`)), false))
})
