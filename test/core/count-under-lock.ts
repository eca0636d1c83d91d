import {readFile, writeFile} from 'node:fs/promises'
import {deadlineIn} from '../../src/core/deadline.ts'
import {withLock} from '../../src/core/lock.ts'

/** A program: adds one to the number in a file, so many times, each time under a lock. Without the lock it loses some. */
const [, , lock = '', counter = '', times = '0'] = process.argv
for (let time = 0; time < Number(times); time += 1) {
  await withLock(lock, deadlineIn(15_000, new AbortController().signal), async () => {
    const count = Number(await readFile(counter, 'utf8'))
    await writeFile(counter, String(count + 1))
  })
}
