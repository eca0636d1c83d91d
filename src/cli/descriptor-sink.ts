import {write} from 'node:fs'
import {promisify} from 'node:util'
import {pause} from '../core/deadline.ts'
import {systemCode} from '../core/errors.ts'
import type {Sink} from '../remote-command/pass-on.ts'

const writeSome = promisify(write)
/** Between two tries where a reader is slow. */
const SHORTEST_MS = 1
const LONGEST_MS = 20

/**
 * Writes bytes to a descriptor of ours as fast as its reader takes them, never more than one chunk ahead. Node's own
 * stream of a terminal would hold up everything else, timers included, while that is stopped (Ctrl-S). Gives `left`
 * where a reader has left.
 */
export function descriptorSink(descriptor: number): Sink {
  return async (chunk, enough) => {
    let waitMs = SHORTEST_MS
    for (let at = 0; !enough.aborted && at < chunk.length; ) {
      try {
        const {bytesWritten} = await writeSome(descriptor, chunk, at, chunk.length - at)
        at += bytesWritten
        waitMs = SHORTEST_MS
      } catch (error) {
        // What is full says so at once where somebody made it non-blocking, as Node does with pipes.
        if (systemCode(error) !== 'EAGAIN') return 'left'
        await pause(waitMs, enough)
        waitMs = Math.min(2 * waitMs, LONGEST_MS)
      }
    }
    return undefined
  }
}
