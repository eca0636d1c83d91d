import assert from 'node:assert/strict'
import {isSoak} from '../support/soak.ts'
import {compareWithSsh} from './tripwire-and-ssh.ts'

const TIMES = isSoak ? 1000 : 300

it(`dangerousDirective() finds what the real ssh takes, ${TIMES} times`, async () => {
  assert.ok((await compareWithSsh(TIMES)) > TIMES / 20)
})
