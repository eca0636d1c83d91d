import assert from 'node:assert/strict'
import {compareWithSsh} from './tripwire-and-ssh.ts'

describe('dangerousDirective()', () => {
  it('finds whatever the real ssh takes for a directive that runs or loads something', async () => {
    assert.ok((await compareWithSsh(100)) > 10)
  }).timeout(60_000)
})
