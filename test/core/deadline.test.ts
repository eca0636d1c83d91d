import assert from 'node:assert/strict'
import {once} from 'node:events'
import {fileURLToPath} from 'node:url'
import {deadlineIn, pause, together} from '../../src/core/deadline.ts'
import {run} from '../../src/core/process.ts'

const never = new AbortController().signal

describe('deadlineIn()', () => {
  it('counts down, never below zero, and aborts at its end', async () => {
    const deadline = deadlineIn(60, never)
    assert.ok(deadline.remainingMs() > 0 && deadline.remainingMs() <= 60)
    assert.deepEqual([deadline.isOver(), deadline.signal.aborted], [false, false])
    await once(deadline.signal, 'abort')
    await pause(5, never)
    assert.deepEqual([deadline.isOver(), deadline.remainingMs()], [true, 0])
  })

  for (const totalMs of [0, -5]) {
    it(`is over at once with ${totalMs} ms`, async () => {
      const deadline = deadlineIn(totalMs, never)
      assert.deepEqual([deadline.isOver(), deadline.remainingMs()], [true, 0])
      await once(deadline.signal, 'abort')
    })
  }

  it('aborts at its end also where the garbage collector was there before', async () => {
    const program = fileURLToPath(new URL('deadline-under-gc.ts', import.meta.url))
    const args = ['--expose-gc', '--import', 'tsx', program]
    const {stdout} = await run(process.execPath, args, {env: process.env, timeoutMs: 15_000})
    assert.equal(stdout, 'function true')
  })

  it('aborts with an interruption, also with one that was before it', () => {
    const interruption = new AbortController()
    const deadline = deadlineIn(60_000, interruption.signal)
    interruption.abort()
    assert.deepEqual([deadline.signal.aborted, deadline.isOver()], [true, false])
    assert.equal(deadlineIn(60_000, interruption.signal).signal.aborted, true)
  })

  for (const days of [25, 60, 400_000]) {
    it(`does not end at once with ${days} days, which are more than a timer of Node can take`, async () => {
      const deadline = deadlineIn(days * 86_400_000, never)
      await pause(30, never)
      assert.deepEqual([deadline.signal.aborted, deadline.isOver()], [false, false])
    })
  }
})

describe('together()', () => {
  it('gives what all of them give', async () => {
    const deadline = deadlineIn(60_000, never)
    assert.deepEqual(
      await together(deadline, [async () => 1, async ({remainingMs}) => Math.ceil(remainingMs() / 1e6)]),
      [1, 1],
    )
    assert.equal(deadline.signal.aborted, false)
  })

  it('ends the rest with the first that fails', async () => {
    const deadline = deadlineIn(60_000, never)
    const rest: Promise<void>[] = []
    const wait = ({signal}: {signal: AbortSignal}): Promise<void> => {
      rest.push(pause(60_000, signal))
      return Promise.all(rest).then(() => undefined)
    }
    const fail = () => Promise.reject(new RangeError('no'))
    await assert.rejects(together(deadline, [wait, fail]), RangeError)
    await Promise.all(rest)
    assert.equal(deadline.signal.aborted, false)
  })

  for (const isBefore of [true, false]) {
    it(`ends with the interruption, ${isBefore ? 'also one of before' : 'which may come later'}`, async () => {
      const interruption = new AbortController()
      const deadline = deadlineIn(60_000, interruption.signal)
      if (isBefore) interruption.abort()
      const waiting = together(deadline, [({signal}) => pause(60_000, signal)])
      interruption.abort()
      await waiting
    })
  }
})

describe('pause()', () => {
  it('waits its time, and returns early when the signal aborts', async () => {
    const startMs = performance.now()
    await pause(40, never)
    assert.ok(performance.now() - startMs >= 38)
    const interruption = new AbortController()
    setTimeout(() => interruption.abort(), 20)
    await pause(60_000, interruption.signal)
    await pause(60_000, interruption.signal)
    assert.ok(performance.now() - startMs < 30_000)
  })
})
