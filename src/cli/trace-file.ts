import {constants, openSync, writeSync} from 'node:fs'
import {messageOf} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import {trace, traceTo} from '../core/trace.ts'
import {standardError} from './standard-error.ts'

/**
 * Writes what is done to the file that RUNCODE_LOG names, or to stderr where that is `-`. The file is made for its owner alone, and
 * a link is not followed. Where there can be none it is said, and the command goes on.
 */
export function startTrace(place: string, [verb = '']: readonly string[]): void {
  try {
    const file = place === '-' ? 2 : openSync(place, FLAGS, 0o600)
    traceTo((line) => {
      try {
        writeSync(file, line)
      } catch {
        // A full disk, or a reader that left: the command is more.
      }
    })
    const {version, platform} = process
    trace('begun', () => ({verb, node: version, platform}))
    process.once('exit', (status) => trace('ended', () => ({status})))
  } catch (error) {
    standardError().write(`warning: RUNCODE_LOG cannot be written: ${printable(messageOf(error))}\n`)
  }
}

const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0)
