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
 * stream of a terminal would hold up everything else, timers included, while that is stopped (Ctrl-S). A reader that
 * left loses the rest, quietly.
 */
export function descriptorSink(descriptor: number): Sink {
  let isOpen = true
  return async (chunk) => {
    let waitMs = SHORTEST_MS
    for (let at = 0; isOpen && at < chunk.length; ) {
      try {
        const {bytesWritten} = await writeSome(descriptor, chunk, at, chunk.length - at)
        at += bytesWritten
        waitMs = SHORTEST_MS
      } catch (error) {
        // What is full says so at once where somebody made it non-blocking, as Node does with pipes.
        isOpen = systemCode(error) === 'EAGAIN'
        await pause(waitMs, NEVER)
        waitMs = Math.min(2 * waitMs, LONGEST_MS)
      }
    }
  }
}

const NEVER = new AbortController().signal
