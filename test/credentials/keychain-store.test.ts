import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {fileURLToPath} from 'node:url'
import * as source from '../../src/credentials/keychain-store.ts'
import {needSecretService, type SecretService, startSecretService} from '../support/secret-service.ts'

/** As it is shipped: a source takes half a second more to start its child, of the two that it has. */
const {isKeychainUsable, KeychainError, keychainStore} = (await import(
  new URL('../../dist/credentials/keychain-store.js', import.meta.url).href
)) as typeof source

const key = {origin: 'https://app.example.com', account: 'work'}
const NOW = new Date('2026-03-04T05:06:07.890Z')

describe('keychainStore() where there is no keychain', () => {
  /** No bus and no home: whatever this machine has, this environment leads to no keychain. */
  const env = {PATH: process.env['PATH'], HOME: '/nonexistent', DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent'}

  it('fails within its time, with a word on what to do, and never with the secret', async () => {
    const startMs = performance.now()
    for (const attempt of [
      () => keychainStore(env).read(key),
      () => keychainStore(env).write(key, 'rc_secret', NOW),
      () => keychainStore(env).remove(key),
    ]) {
      await assert.rejects(attempt(), (error: unknown) => {
        assert.ok(error instanceof KeychainError)
        assert.deepEqual([error.code, error.retryable], ['keychain_failed', true])
        // Without the profile, the hint would log in another account.
        assert.match(error.hint ?? '', new RegExp(`: runcode login --store file --profile ${key.account}$`))
        return !`${error.message}${error.hint}`.includes('secret')
      })
    }
    assert.ok(performance.now() - startMs < 9000)
  })

  it('is not usable', async () => assert.equal(await isKeychainUsable(env), false))
})

describe('keychainStore(), with a real Secret Service', function () {
  this.timeout(30_000)
  let service: SecretService
  let env: NodeJS.ProcessEnv

  before(async function () {
    needSecretService(this)
    service = await startSecretService()
    env = {PATH: process.env['PATH'], HOME: '/nonexistent', ...service.env}
  })
  after(() => service?.stop())

  /** An entry with this text, by the program that does the work. */
  const writeEntry = (secret: string): void => {
    const child = fileURLToPath(new URL('../../dist/credentials/keychain-child.js', import.meta.url))
    const input = JSON.stringify({operation: 'write', account: `${key.account}@${key.origin}`, secret})
    const {status, stderr} = spawnSync(process.execPath, [child], {env: env, input})
    assert.equal(status, 0, String(stderr))
  }

  it('keeps, replaces and removes a token, with the moment when it was put there', async () => {
    const store = keychainStore(env)
    await store.write(key, 'rc_1', new Date(0))
    await store.write(key, 'rc_2', NOW)
    assert.deepEqual(await store.read(key), {secret: 'rc_2', storedAt: NOW})
    assert.equal(await store.read({...key, origin: 'https://evil.example.com'}), undefined)
    assert.deepEqual([await store.remove(key), await store.remove(key)], [true, false])
  })

  it('is found by the sources too, as they are run without a build', async () => {
    const began = performance.now()
    while (!(await source.isKeychainUsable(env))) assert.ok(performance.now() - began < 10_000)
  })

  it('has no moment of a token that was kept without', async () => {
    for (const secret of ['rc_old', 'rc_old 2026-99-99T00:00:00.000Z']) {
      writeEntry(secret)
      assert.deepEqual(await keychainStore(env).read(key), {secret, storedAt: undefined})
    }
  })
})
