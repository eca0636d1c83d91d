import assert from 'node:assert/strict'

/** Waits until something is so, at most 10 s; then fails with what there is instead. */
export async function until(isSo: () => boolean, instead: () => string, limitMs = 10_000): Promise<void> {
  for (const end = performance.now() + limitMs; !isSo(); ) {
    assert.ok(performance.now() < end, instead())
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
