import assert from 'node:assert/strict'
import type {RunTrace} from '../../src/actions/exec.ts'
import {failureOf} from '../../src/cli/failure.ts'
import {exitOfFailure, factsOfFailure} from '../../src/cli/run-report.ts'
import {ERROR_CODES, type ErrorCode, RuncodeError} from '../../src/core/errors.ts'
import {InterruptedError} from '../../src/core/interrupted.ts'

class AnyError extends RuncodeError {}

const factsOf = (code: ErrorCode, started: RunTrace['started']): Readonly<Record<string, unknown>> => {
  const error = new AnyError('No.', {code, facts: {workspace: {id: '1'}}})
  return factsOfFailure(failureOf(error), error, {phase: 'connect', started}, 12)
}

describe('the report of a failed run', () => {
  it('tells what failed, of which workspace, how far it came and how long it took', () => {
    assert.deepEqual(factsOf('connection_failed', false), {
      ...{error: 'connection_failed', message: 'No.', retryable: true, workspace: {id: '1'}},
      ...{phase: 'connect', started: false, retry_safe: true, duration_ms: 12},
    })
  })

  it('never calls for another try of what may have begun, whatever the failure', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      for (const started of [true, null]) {
        const {retryable, retry_safe: isSafe} = factsOf(code, started)
        assert.deepEqual([code, retryable, isSafe], [code, false, false])
      }
      assert.equal(factsOf(code, false)['retryable'], ERROR_CODES[code].retryable)
    }
  })

  it('has 125 for its status, but where we were interrupted', () => {
    assert.equal(exitOfFailure(failureOf(new AnyError('No.', {code: 'not_found'}))), 125)
    assert.equal(exitOfFailure(failureOf(new InterruptedError())), 130)
  })
})
