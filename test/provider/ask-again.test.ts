import assert from 'node:assert/strict'
import {deadlineIn} from '../../src/core/deadline.ts'
import {NetworkError} from '../../src/network/network-error.ts'
import type {JsonAnswer} from '../../src/network/request-json.ts'
import {askAgain, askThroughTrouble} from '../../src/provider/ask-again.ts'

const busy = (retryAfterSeconds: number | undefined, status = 429): JsonAnswer => ({
  status,
  json: undefined,
  date: undefined,
  retryAfterSeconds,
})
const FINE = busy(undefined, 200)

describe('askAgain()', () => {
  /** Plays the answers one after the other, the last one for ever; gives what came out, how often was asked, what was heard. */
  const play = async (answers: readonly JsonAnswer[], limitMs = 20_000, signal = new AbortController().signal) => {
    let asked = 0
    const heard: number[] = []
    const began = performance.now()
    const answer = await askAgain(
      async () => answers[Math.min(asked++, answers.length - 1)] ?? FINE,
      deadlineIn(limitMs, signal),
      (seconds) => heard.push(seconds),
    )
    return {answer, asked, heard, tookMs: performance.now() - began}
  }

  for (const status of [429, 503]) {
    it(`waits as long as a ${status} says, and says so before`, async () => {
      const {answer, asked, heard, tookMs} = await play([busy(1, status), FINE])
      assert.deepEqual([answer, asked, heard], [FINE, 2, [1]])
      assert.ok(tookMs >= 990 && tookMs < 5000, `${tookMs} ms`)
    })
  }

  it('never asks in a busy loop, and no more than four times, where it is told to wait for nothing', async () => {
    const {answer, asked, heard, tookMs} = await play([busy(0)])
    assert.deepEqual([answer, asked, heard], [busy(0), 4, [1, 1, 1]])
    assert.ok(tookMs >= 2900, `${tookMs} ms`)
  })

  for (const [what, refusal, limitMs] of [
    ['nothing was said of a time', busy(undefined), 20_000],
    ['the time is longer than the deadline', busy(30), 20_000],
    ['the time leaves no second for the answer', busy(3), 3500],
    ['another refusal says a time', busy(1, 500), 20_000],
    ['another refusal says a time', busy(1, 301), 20_000],
  ] as const) {
    it(`gives the refusal at once where ${what} (${refusal.status})`, async () => {
      const {answer, asked, heard, tookMs} = await play([refusal, FINE], limitMs)
      assert.deepEqual([answer, asked, heard], [refusal, 1, []])
      assert.ok(tookMs < 900, `${tookMs} ms`)
    })
  }

  it('ends with the interruption of the user', async () => {
    const interruption = new AbortController()
    const playing = play([busy(10), FINE], 20_000, interruption.signal)
    setTimeout(() => interruption.abort(), 100)
    const {asked, tookMs} = await playing
    assert.equal(asked, 1)
    assert.ok(tookMs < 3000, `${tookMs} ms`)
  })
})

describe('askThroughTrouble()', () => {
  /** Plays answers and failures one after the other, the last one for ever. */
  const play = async (events: readonly (JsonAnswer | Error)[], limitMs = 20_000) => {
    let asked = 0
    const began = performance.now()
    const outcome = await askThroughTrouble(
      async () => {
        const event = events[Math.min(asked++, events.length - 1)] ?? FINE
        if (event instanceof Error) throw event
        return event
      },
      deadlineIn(limitMs, new AbortController().signal),
    ).catch((error: unknown) => error)
    return {outcome, asked, tookMs: performance.now() - began}
  }
  const failure = (code: string): Error =>
    new NetworkError(new URL('https://api.example.test'), Object.assign(new Error(code), {code}), {
      ...{peer: undefined, hasSystem: false, trust: {caFile: undefined, addedCaFile: undefined}},
    })

  for (const [what, trouble] of [
    ['a proxy without its service (502)', busy(undefined, 502)],
    ['a service that is about to come (503)', busy(undefined, 503)],
    ['a service that is slow (504)', busy(undefined, 504)],
    ['a connection that is refused', failure('ECONNREFUSED')],
    ['a connection that breaks off', failure('ECONNRESET')],
    ['a name that is not found at the moment', failure('EAI_AGAIN')],
  ] as const) {
    it(`gets past ${what}`, async () => {
      const {outcome, asked, tookMs} = await play([trouble, FINE])
      assert.deepEqual([outcome, asked], [FINE, 2])
      assert.ok(tookMs >= 90 && tookMs < 3000, `${tookMs} ms`)
    })
  }

  for (const [what, event, limitMs] of [
    ['says when to come back', busy(5, 503), 20_000],
    ['is busy', busy(undefined, 429), 20_000],
    ['has failed', busy(undefined, 500), 20_000],
    ['refuses', busy(undefined, 403), 20_000],
    ['has no such name', failure('ENOTFOUND'), 20_000],
    ['cannot be believed', failure('CERT_HAS_EXPIRED'), 20_000],
    ['is out of service and the time is nearly over', busy(undefined, 503), 1500],
  ] as const) {
    it(`asks no second time where the control plane ${what}`, async () => {
      const {outcome, asked} = await play([event, FINE], limitMs)
      assert.deepEqual([outcome, asked], [event, 1])
    })
  }

  it('asks four times at most, and waits by chance', async () => {
    const {outcome, asked, tookMs} = await play([busy(undefined, 502)])
    assert.deepEqual([outcome, asked], [busy(undefined, 502), 4])
    assert.ok(tookMs >= 690 && tookMs < 6000, `${tookMs} ms`)
  })
})
