import assert from 'node:assert/strict'
import fc from 'fast-check'
import {expiresAt, remainingSeconds} from '../../src/session/session.ts'

const MINTED = {
  mintedAt: new Date('2030-01-01T00:00:00Z'),
  mintedAtUptimeSeconds: 1000,
  lifetimeSeconds: 1800,
}
const left = (bySeconds: number, byUptimeSeconds: number): number =>
  remainingSeconds(MINTED, {
    date: new Date(MINTED.mintedAt.getTime() + bySeconds * 1000),
    uptimeSeconds: MINTED.mintedAtUptimeSeconds + byUptimeSeconds,
    sleptSeconds: 0,
  })

describe('remainingSeconds()', () => {
  for (const [what, bySeconds, byUptimeSeconds, remaining] of [
    ['both clocks agree', 60, 60, 1740],
    ['the wall clock was set back an hour', 60 - 3600, 60, 1740],
    ['the wall clock was set forward an hour', 60 + 3600, 60, -1860],
    ['the machine was started anew', 60, -990, 1740],
    ['it was started anew and its clock set back: nobody knows, so that the server decides', -60, -990, 1800],
    ['the pass is over', 1801, 1801, -1],
  ] as const) {
    it(`gives ${remaining} where ${what}`, () => assert.equal(left(bySeconds, byUptimeSeconds), remaining))
  }

  it('never gives more than the whole pass, and never more than either clock allows', () => {
    const seconds = fc.integer({min: -100_000, max: 100_000})
    fc.assert(
      fc.property(seconds, seconds, (bySeconds, byUptimeSeconds) => {
        const remaining = left(bySeconds, byUptimeSeconds)
        return remaining <= 1800 && remaining <= 1800 - bySeconds && remaining <= 1800 - byUptimeSeconds
      }),
    )
  })
})

it('expiresAt() is the end on this machine’s clock', () => {
  const whole = {...MINTED} as Parameters<typeof expiresAt>[0]
  assert.deepEqual(expiresAt(whole), new Date('2030-01-01T00:30:00Z'))
})
