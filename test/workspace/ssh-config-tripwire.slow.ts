import assert from 'node:assert/strict'
import {compareWithSsh} from './tripwire-and-ssh.ts'

it('dangerousDirective() finds what the real ssh takes, by thousands', async () => {
  assert.ok((await compareWithSsh(5000)) > 250)
})
