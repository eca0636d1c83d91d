import assert from 'node:assert/strict'
import {compareWithSsh} from './tripwire-and-ssh.ts'

it('dangerousDirective() finds what the real ssh takes, a thousand times', async () => {
  assert.ok((await compareWithSsh(1000)) > 50)
})
