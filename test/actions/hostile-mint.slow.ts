import assert from 'node:assert/strict'
import fc from 'fast-check'
import {assertRefusedOrOurs, resolveGood, sayings} from './hostile-mint.ts'

describe('a mint at a hostile control plane, by hundreds', () => {
  it('is refused and leaves nothing, or leaves what is ours alone', async () => {
    const plain = await resolveGood()
    const seen = {refused: 0, ours: 0}
    await fc.assert(
      fc.asyncProperty(sayings, async (one) => {
        seen[await assertRefusedOrOurs(one, plain)] += 1
      }),
      {numRuns: 400},
    )
    assert.ok(seen.refused > 60 && seen.ours > 60, JSON.stringify(seen))
  })
})
