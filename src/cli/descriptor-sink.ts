import {write} from 'node:fs'
import {promisify} from 'node:util'
import {pause} from '../core/deadline.ts'
import {systemCode} from '../core/errors.ts'
import type {Sink} from '../remote-command/pass-on.ts'

const writeSome = promisify(write)
/** Between two tries where a reader is slow. */
const SHORTEST_MS = 1
const LONGEST_MS = 20
/** Of a pipe, a socket and a terminal whose other end is closed. */
const GONE = ['EPIPE', 'ECONNRESET', 'EIO']

/**
 * Writes bytes to a stream of ours as fast as its reader takes them, never more than one chunk ahead. Node's own
 * stream of a terminal would hold up everything else, timers included, while that is stopped (Ctrl-S). Gives `left`
 * where a reader has left, and where it cannot be written at all, of which `fail` hears (a full disk).
 */
export function descriptorSink(name: 'stdout' | 'stderr', fail: (error: unknown) => void = () => undefined): Sink {
  return async (chunk, enough) => {
    // Node makes it non-blocking when it opens it here: who waits in write(2) for a reader cannot be called back.
    const {fd: descriptor} = process[name]
    let waitMs = SHORTEST_MS
    for (let at = 0; !enough.aborted && at < chunk.length; ) {
      try {
        const {bytesWritten} = await writeSome(descriptor, chunk, at, chunk.length - at)
        at += bytesWritten
        waitMs = SHORTEST_MS
      } catch (error) {
        if (systemCode(error) !== 'EAGAIN') {
          if (!GONE.some((code) => code === systemCode(error))) fail(error)
          return 'left'
        }
        await pause(waitMs, enough)
        waitMs = Math.min(2 * waitMs, LONGEST_MS)
      }
    }
    return undefined
  }
}
