import assert from 'node:assert/strict'
import {isKeychainUsable, KeychainError, keychainStore} from '../../src/credentials/keychain-store.ts'

/** No bus and no home: whatever this machine has, this environment leads to no keychain. */
const env = {PATH: process.env['PATH'], HOME: '/nonexistent', DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent'}
const key = {origin: 'https://app.example.com', account: 'work'}

describe('keychainStore() where there is no keychain', () => {
  it('fails within its time, with a word on what to do, and never with the secret', async () => {
    const startMs = performance.now()
    for (const attempt of [
      () => keychainStore(env).read(key),
      () => keychainStore(env).write(key, 'rc_secret'),
      () => keychainStore(env).remove(key),
    ]) {
      await assert.rejects(attempt(), (error: unknown) => {
        assert.ok(error instanceof KeychainError)
        assert.deepEqual([error.code, error.retryable], ['keychain_failed', true])
        return !`${error.message}${error.hint}`.includes('secret')
      })
    }
    assert.ok(performance.now() - startMs < 9000)
  })

  it('is not usable', async () => assert.equal(await isKeychainUsable(env), false))
})
