import assert from 'node:assert/strict'
import {type ErrorCode, RuncodeError} from '../../src/core/errors.ts'
import {createRetries} from '../../src/forward/retry.ts'

class PlayedError extends RuncodeError {}
const failure = (code: ErrorCode, facts = {}): RuncodeError => new PlayedError('played', {code, facts})

describe('another try to connect', () => {
  it('comes later and later, and always soon enough for a connection that waits 15 s to see one', () => {
    const retries = createRetries(6400)
    const pauses = Array.from({length: 12}, () => {
      assert.equal(retries.note(failure('connection_failed')), true)
      return retries.pauseMs()
    })
    assert.ok((pauses[0] ?? 0) > 90 && (pauses[0] ?? 0) <= 300)
    assert.ok((pauses[3] ?? 0) > 700)
    for (const pauseMs of pauses.slice(6)) assert.ok(pauseMs > 3000 && pauseMs < 10_000, `${pauseMs}`)
  })

  it('is not made at the same moment by all', () => {
    const pauses = Array.from({length: 20}, () => {
      const retries = createRetries(6400)
      retries.note(failure('connection_failed'))
      return Math.round(retries.pauseMs())
    })
    assert.ok(new Set(pauses).size > 5)
  })

  it('comes at once after one that went well, and after a sleep', () => {
    for (const forget of ['reset', 'hurry'] as const) {
      const retries = createRetries(6400)
      for (let at = 0; at < 6; at += 1) retries.note(failure('connection_failed'))
      retries[forget]()
      assert.equal(retries.pauseMs(), 0)
    }
  })

  it('comes no sooner than a control plane asks for', () => {
    const retries = createRetries(6400)
    assert.equal(retries.note(failure('rate_limited', {retry_after_seconds: 30})), true)
    assert.ok(retries.pauseMs() > 29_000)
  })

  for (const code of ['network', 'unavailable', 'connection_failed', 'session_ended', 'locked'] as const)
    it(`is made after ${code}`, () => assert.equal(createRetries(6400).note(failure(code)), true))
  it('is made where the control plane is out of order', () =>
    assert.equal(createRetries(6400).note(failure('http_error', {status: 502})), true))
  for (const code of ['conflict', 'not_found', 'unauthorized', 'host_key_changed', 'no_token', 'http_error'] as const)
    it(`is not made after ${code}`, () => assert.equal(createRetries(6400).note(failure(code, {status: 418})), false))
  it('is not made after a mistake of ours', () => assert.equal(createRetries(6400).note(new TypeError('x')), false))

  it('is not made for ever where each new key is refused', () => {
    const retries = createRetries(6400)
    const tries = Array.from({length: 5}, () => retries.note(failure('auth_failed')))
    assert.deepEqual(tries, [true, true, true, true, false])
  })
})
