import {systemCode} from '../core/errors.ts'
import {FileError} from '../core/files.ts'
import {failureOf, failureText} from './failure.ts'
import {standardError} from './standard-error.ts'

/**
 * What becomes of an answer that cannot be delivered: a reader that left (`| head -1`) ends us quietly, anything else,
 * such as a full disk, is told and gives `status`. Call it after oclif was loaded, whose own listener would throw it.
 */
export function watchOutput(status: number): void {
  let isTold = false
  process.stdout.removeAllListeners('error')
  process.stdout.on('error', (error) => {
    if (isTold || systemCode(error) === 'EPIPE') return
    isTold = true
    process.exitCode = status
    standardError().write(failureText(failureOf(new FileError('write', 'the output', error))))
  })
}
