import assert from 'node:assert/strict'
import {Errors} from '@oclif/core'
import {failureJson, failureOf, failureText} from '../../src/cli/failure.ts'
import {RuncodeError} from '../../src/core/errors.ts'
import {LockedError} from '../../src/core/lock.ts'
import {RefusedError} from '../../src/provider/refusal.ts'

class PlainError extends RuncodeError {}

describe('failureOf()', () => {
  it('keeps every fact of a failure of ours', () => {
    assert.deepEqual(failureOf(new LockedError('/x', 7)), {
      code: 'locked',
      message: 'Another runcode (process 7) is still at work here.',
      hint: 'Try again when it has ended. If no such process is yours, remove /x.',
      retryable: true,
      exit: 1,
      facts: {lock: '/x', pid: 7},
    })
  })

  it('calls what the parser of oclif throws a wrong command line, in one line, without its own advice', () => {
    const hint = 'See the help: runcode --help, or runcode <command> --help'
    assert.deepEqual(failureOf(new Errors.CLIError('Nonexistent flag: --x\nSee more help with --help')), {
      ...{code: 'usage', message: 'Nonexistent flag: --x', hint},
      ...{retryable: false, exit: 2, facts: {}},
    })
    assert.equal(
      failureOf(new Errors.CLIError('Missing 1 required arg:\n  name  the name')).message,
      'Missing 1 required arg: name  the name',
    )
  })

  for (const [what, thrown, words] of [
    ['an error', new TypeError('x is not a function'), 'x is not a function'],
    ['a text', 'text', 'text'],
    ['nothing', undefined, 'undefined'],
  ] as const) {
    it(`calls ${what} that nobody foresaw a mistake of ours`, () => {
      const {code, message, exit, retryable} = failureOf(thrown)
      assert.deepEqual(
        {code, message, exit, retryable},
        {code: 'internal', message: `This is a mistake in runcode: ${words}`, exit: 1, retryable: false},
      )
    })
  }
})

describe('a failure', () => {
  it('is one flat object in JSON, its text untouched', () => {
    const failure = failureOf(new RefusedError('rate_limited', 'Slow\u001b[2J', {status: 429, retryAfterSeconds: 30}))
    assert.deepEqual(failureJson(failure), {
      error: 'rate_limited',
      message: 'Slow\u001b[2J',
      hint: 'Wait a little, then try again.',
      retryable: true,
      status: 429,
      retry_after_seconds: 30,
    })
  })

  it('has no hint where there is none', () => {
    const failure = failureOf(new PlainError('No.', {code: 'file_error'}))
    assert.deepEqual(failureJson(failure), {error: 'file_error', message: 'No.', retryable: false})
    assert.equal(failureText(failure), 'runcode: No.\n')
  })

  it('is printable on a screen, one line each for what and what next', () => {
    const failure = {...failureOf(new RefusedError('http_error', 'a\u001b[2J\nb', {})), hint: 'c\r'}
    assert.equal(failureText(failure), 'runcode: a\ufffd[2J\ufffdb\nhint: c\ufffd\n')
  })
})
