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
      sshSaid: [],
    })
  })

  it('calls what the parser of oclif throws a wrong command line, in one line, without its own advice', () => {
    const hint = 'See the help: runcode --help, or runcode <command> --help'
    assert.deepEqual(failureOf(new Errors.CLIError('Nonexistent flag: --x\nSee more help with --help')), {
      ...{code: 'usage', message: 'Nonexistent flag: --x', hint},
      ...{retryable: false, exit: 2, facts: {}, sshSaid: []},
    })
    assert.equal(
      failureOf(new Errors.CLIError('Missing 1 required arg:\n  name  the name')).message,
      'Missing 1 required arg: name  the name',
    )
  })

  for (const [said, message] of [
    ['Unexpected argument: rc_s3cret', 'Unexpected argument.'],
    ['Unexpected arguments: a, rc_s3cret', 'Unexpected arguments.'],
    ['Nonexistent flag: --token=rc_s3cret', 'Nonexistent flag: --token'],
    ['Nonexistent flags: --tokn=rc,s3cret, --x', 'Nonexistent flag: --tokn'],
    ['Nonexistent flag: -trc_s3cret', 'Nonexistent flag: -t'],
  ] as const)
    it(`repeats no word that may be a token: ${message}`, () => {
      assert.equal(failureOf(new Errors.CLIError(`${said}\nSee more help with --help`)).message, message)
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

describe('what ssh said of a failure', () => {
  const quoting = (said: string): PlainError => new PlainError('No.', {code: 'ssh_failed', hint: 'Look.'}).quote(said)
  const verbose = (error: unknown) => failureOf(error, {isVerbose: true})

  it('is shown where it was asked for, below what we say, and nowhere else', () => {
    const error = quoting('one\r\n\n two\r\r\n')
    assert.equal(failureText(verbose(error)), 'runcode: No.\nhint: Look.\nOpenSSH said:\n  one\n   two\n')
    assert.deepEqual(failureJson(verbose(error))['ssh_said'], ['one', ' two'])
    assert.equal(failureText(failureOf(error)), 'runcode: No.\nhint: Look.\n')
    assert.ok(!('ssh_said' in failureJson(failureOf(error))))
  })

  it('is not there where it said nothing', () => {
    for (const error of [quoting(' \r\n'), new PlainError('No.', {code: 'file_error'}), new Error('x')]) {
      assert.ok(!('ssh_said' in failureJson(verbose(error))))
      assert.doesNotMatch(failureText(verbose(error)), /said/)
    }
  })

  it('is that of the failure behind it, where it has no words of its own', () => {
    const outer = new PlainError('No.', {code: 'not_ready', cause: quoting('inner')})
    assert.deepEqual(verbose(outer).sshSaid, ['inner'])
    assert.deepEqual(verbose(outer.quote('outer')).sshSaid, ['outer'])
  })

  it('can neither move the cursor nor be taken for a line of ours, and is the real text in JSON', () => {
    const error = quoting('a\u001b[2J\rhint: run this\nhint: run that')
    assert.match(failureText(verbose(error)), /said:\n {2}a\ufffd\[2J\ufffdhint: run this\n {2}hint: run that\n$/)
    assert.deepEqual(verbose(error).sshSaid, ['a\u001b[2J\rhint: run this', 'hint: run that'])
  })

  it('is without what looks like a secret, also one of several lines', () => {
    const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----'
    const words = verbose(quoting(`a ${key} b\nBearer rc_x\nssh-ed25519-cert-v01@openssh.com AAAA c`)).sshSaid
    assert.deepEqual(words, ['a <private key> b', 'Bearer <secret>', '<certificate> c'])
  })

  it('is bounded: the last lines, and the beginning of each', () => {
    const words = verbose(
      quoting(Array.from({length: 500}, (_, at) => `${at} ${'word '.repeat(1000)}`).join('\n')),
    ).sshSaid
    assert.deepEqual([words.length, words[0]?.slice(0, 5), words[99]?.length], [100, '400 w', 1000])
  })
})
