import {setTimeout as sleep} from 'node:timers/promises'
import {deadlineIn} from '../../src/core/deadline.ts'

/** A program: keeps a deadline of 200 ms under a collector that is called all the time, and prints whether it aborted. */
const deadline = deadlineIn(200, new AbortController().signal)
for (let at = 0; at < 30; at += 1) {
  globalThis.gc?.()
  await sleep(20)
}
process.stdout.write(`${typeof globalThis.gc} ${deadline.signal.aborted}`)
