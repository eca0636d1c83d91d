import assert from 'node:assert/strict'
import {messageOf, RuncodeError, systemCode} from '../../src/core/errors.ts'

class ExampleError extends RuncodeError {}

describe('RuncodeError', () => {
  it('takes its exit and whether to try again from the table of codes', () => {
    const cause = new Error('below')
    const {
      name,
      message,
      code,
      exit,
      hint,
      retryable,
      facts,
      cause: kept,
    } = new ExampleError('Why.', {code: 'locked', cause})
    assert.deepEqual(
      {name, message, code, exit, hint, retryable, facts, kept},
      {
        name: 'ExampleError',
        message: 'Why.',
        code: 'locked',
        exit: 1,
        hint: undefined,
        retryable: true,
        facts: {},
        kept: cause,
      },
    )
  })

  it('lets one failure know better whether it can be tried again', () => {
    assert.equal(new ExampleError('Why.', {code: 'locked', retryable: false}).retryable, false)
  })
})

describe('whatever was thrown', () => {
  it('has a system code only where Node gave it one', () => {
    const coded = (code: unknown) => Object.assign(new Error('x'), {code})
    assert.deepEqual([coded('ENOENT'), coded(7), new Error('x'), {code: 'ENOENT'}, null, 'ENOENT'].map(systemCode), [
      'ENOENT',
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  it('has a message', () => {
    assert.deepEqual([new Error('x'), 'text', undefined].map(messageOf), ['x', 'text', 'undefined'])
  })
})
