import {deadlineIn} from '../../src/core/deadline.ts'
import {withLock} from '../../src/core/lock.ts'

/** A program: takes the lock named by its first argument, says "held", and keeps it until its stdin ends. */
const [, , path = ''] = process.argv
await withLock(path, deadlineIn(10_000, new AbortController().signal), async () => {
  process.stdout.write('held\n')
  for await (const _ of process.stdin);
})
