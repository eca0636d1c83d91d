import assert from 'node:assert/strict'
import {type ErrorCode, RuncodeError} from '../../src/core/errors.ts'
import {createReverse, type Reverse} from '../../src/forward/reverse.ts'
import type {TunnelEvent} from '../../src/forward/tunnel.ts'
import type {Forwarder} from '../../src/openssh/forwarder.ts'
import {until} from '../support/until.ts'

class PlayedError extends RuncodeError {}

/** An ssh that ends when a test wants it to. */
interface Played extends Forwarder {
  lose(): void
}

const play = (): Played => {
  let settle: (reason: string | undefined) => void = () => undefined
  let isGone = false
  const gone = new Promise<string | undefined>((resolve) => {
    settle = (reason) => {
      isGone = true
      resolve(reason)
    }
  })
  return {
    gone,
    isGone: () => isGone,
    said: () => 'ssh: cut',
    end: () => settle(undefined),
    lose: () => settle('the line was cut'),
  }
}

describe('a port of the workspace that leads here', () => {
  let reverse: Reverse
  let played: Played[]
  let events: TunnelEvent[]
  let failures: unknown[]
  let losses: number
  /** What opening fails with; each is for one try, and the last for all that follow. */
  let plan: (ErrorCode | 'ok')[]
  let tries: number

  beforeEach(() => {
    ;[played, events, failures, losses, plan, tries] = [[], [], [], 0, ['ok'], 0]
    reverse = createReverse({
      open: async () => {
        tries += 1
        const next = plan.length > 1 ? plan.shift() : plan[0]
        if (next !== undefined && next !== 'ok') throw new PlayedError(`no: ${next}`, {code: next})
        const one = play()
        played.push(one)
        return one
      },
      tell: (event) => events.push(event),
      fail: (error) => failures.push(error),
      onLost: () => {
        losses += 1
      },
    })
  })
  afterEach(() => reverse.end())

  const seen = (): readonly string[] => events.map(({event}) => event)
  const untilSeen = (...expected: string[]): Promise<void> =>
    until(
      () => seen().join() === expected.join(),
      () => seen().join(),
    )

  it('is opened again though nobody asks for it, through failures that may pass and a port that is still held', async () => {
    await reverse.open()
    plan = ['connection_failed', 'reverse_refused', 'ok']
    played[0]?.lose()
    await untilSeen('lost', 'restored')
    assert.deepEqual([tries, losses, failures.length], [4, 1, 0])
  })

  it('is told to be away once, and by what its ssh said', async () => {
    await reverse.open()
    plan = ['connection_failed']
    played[0]?.lose()
    await until(
      () => tries === 4,
      () => String(tries),
    )
    assert.deepEqual(events, [{event: 'lost', reason: 'the line was cut', said: 'ssh: cut'}])
  })

  it('fails in the beginning by what keeps it from being open', async () => {
    plan = ['reverse_refused']
    await assert.rejects(reverse.open(), {code: 'reverse_refused'})
    assert.equal(tries, 1)
  })

  it('is given up where no try can bring it back', async () => {
    await reverse.open()
    plan = ['conflict']
    played[0]?.lose()
    await until(
      () => failures.length === 1,
      () => 'It goes on.',
    )
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.equal(tries, 2)
  })

  it('is opened less and less often where it is lost as soon as it is there', async () => {
    await reverse.open()
    const end = performance.now() + 1500
    while (performance.now() < end) {
      for (const one of played) one.lose()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    assert.ok(tries >= 2 && tries <= 6, `${tries} tries`)
  })

  it('is opened anew when the machine has slept', async () => {
    await reverse.open()
    reverse.renew()
    await untilSeen('lost', 'restored')
    assert.deepEqual([played[0]?.isGone(), played[1]?.isGone()], [true, false])
  })

  it('ends its ssh with it, and tries no other', async () => {
    await reverse.open()
    reverse.end()
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.deepEqual([played[0]?.isGone(), tries, seen()], [true, 1, []])
  })

  it('leaves no ssh that came when it had ended', async () => {
    const opening = reverse.open()
    reverse.end()
    await opening
    assert.equal(played[0]?.isGone(), true)
  })
})
